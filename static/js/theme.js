// Light or dark before the first paint: what was chosen here before, else what the page says, else what the device prefers.
(function () {
  "use strict";
  var root = document.documentElement;
  var device = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return window.localStorage.getItem("theme");
    } catch (refused) {
      return null; // storage is switched off: the device decides
    }
  }

  function show() {
    var theme = chosen();
    if (theme !== "light" && theme !== "dark") theme = root.dataset.themeDefault;
    if (theme !== "light" && theme !== "dark") theme = device.matches ? "dark" : "light";
    root.setAttribute("data-bs-theme", theme);
  }

  show();
  device.addEventListener("change", show);
  document.addEventListener("click", function (event) {
    if (!event.target.closest || !event.target.closest("[data-theme-switch]")) return;
    var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("theme", next);
    } catch (refused) {
      // storage is switched off: it holds for this page alone
    }
    root.setAttribute("data-bs-theme", next);
  });
})();
