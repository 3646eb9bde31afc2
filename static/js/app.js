// Comforts on top of pages that work without them: copying, closing, requests with their token, a balance that counts.
(function () {
  "use strict";
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  function csrfToken() {
    var meta = document.querySelector('meta[name="csrf-token"]');
    var input = document.querySelector('input[name="csrfmiddlewaretoken"]');
    return meta ? meta.content : input ? input.value : "";
  }

  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
  });

  function reveal(part) {
    part.querySelectorAll("[data-copy], [data-close], [data-theme-switch]").forEach(function (button) {
      button.hidden = false;
    });
  }

  function copy(button) {
    var source = document.getElementById(button.dataset.copy);
    var label = button.querySelector("span:not(.i)");
    var before = label.textContent;
    if (source.select) source.select();
    else window.getSelection().selectAllChildren(source);
    navigator.clipboard.writeText(source.select ? source.value : source.textContent).then(function () {
      label.textContent = button.dataset.copied;
      window.setTimeout(function () { label.textContent = before; }, 1600);
    }, function () { /* not allowed: the text is selected, ready for the keyboard */ });
  }

  function closeOthers(kept) {
    document.querySelectorAll("details[data-dismiss][open]").forEach(function (details) {
      if (details !== kept && !details.contains(kept)) details.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    var target = event.target;
    var copying = target.closest("[data-copy]");
    var closing = target.closest("[data-close]");
    if (copying) copy(copying);
    if (target.matches("[data-select]")) target.select();
    if (closing) {
      var toast = closing.closest("[data-toast]");
      var details = closing.closest("details");
      if (toast) toast.remove();
      else if (details) { details.open = false; details.querySelector("summary").focus(); }
    }
    closeOthers(target.closest("details[data-dismiss]"));
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    var open = document.querySelector("details[data-dismiss][open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // A form is sent once: a second press while the first is on its way does nothing.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  function seen(key, value) {
    try {
      var before = window.sessionStorage.getItem(key);
      window.sessionStorage.setItem(key, value);
      return before;
    } catch (refused) {
      return null;
    }
  }

  // The balance counts from the figure shown last to the one the server sent; the server's text always stays.
  function count(figure) {
    var whole = figure.querySelector(".ui-hero-whole");
    var fraction = figure.querySelector(".ui-hero-fraction");
    var now = parseInt(figure.dataset.balance, 10);
    var before = parseInt(seen("balance", String(now)), 10);
    if (calm.matches || isNaN(before) || before === now) return;
    var last = [whole.textContent, fraction.textContent];
    var grouping = new Intl.NumberFormat(document.documentElement.lang || "en");
    var start = null;

    function frame(time) {
      if (start === null) start = time;
      var share = Math.min((time - start) / 900, 1);
      var hundredths = Math.round((before + (now - before) * (1 - Math.pow(1 - share, 3))) * 5 / 3);
      var size = Math.abs(hundredths);
      whole.textContent = (hundredths < 0 ? "\u2212" : "") + grouping.format(Math.floor(size / 100));
      fraction.textContent = last[1].charAt(0) + String(size % 100).padStart(2, "0");
      if (share < 1) window.requestAnimationFrame(frame);
      else { whole.textContent = last[0]; fraction.textContent = last[1]; }
    }
    window.requestAnimationFrame(frame);
  }

  function settle(part) {
    reveal(part);
    part.querySelectorAll("[data-balance]").forEach(count);
  }

  settle(document);
  document.addEventListener("htmx:load", function (event) {
    if (event.detail.elt !== document.body) settle(event.detail.elt);
  });
})();
