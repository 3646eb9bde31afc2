// Suggests the portal's address from the company's name, until somebody types an address of their own.
(function () {
  "use strict";
  var slug = document.querySelector("[data-slug-of]");
  var company = slug && document.getElementById(slug.dataset.slugOf);
  if (!company) return;
  var own = slug.value !== "";

  function suggest(name) {
    return name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/[^a-z0-9]+/g, "-").replace(/^-+/, "").slice(0, 50).replace(/-+$/, "");
  }

  company.addEventListener("input", function () {
    if (own) return;
    slug.value = suggest(company.value);
    slug.dispatchEvent(new Event("input", { bubbles: true }));
  });
  slug.addEventListener("input", function (event) {
    if (event.isTrusted) own = slug.value !== "";
  });
})();
