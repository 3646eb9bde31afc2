// Draws the tables beside it: a chart holds no figure of its own. Colours are the brand's, whatever it is.
(function () {
  "use strict";
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  var drawn = [];

  function color(name) {
    return window.getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function read(box) {
    var rows = document.querySelectorAll("#" + box.dataset.table + " tbody tr");
    var column = parseInt(box.dataset.column, 10);
    var points = { labels: [], values: [], texts: [] };
    rows.forEach(function (row) {
      var cell = row.cells[column];
      points.labels.push(row.cells[0].textContent);
      points.values.push(parseFloat(cell.dataset.value));
      points.texts.push(cell.textContent);
    });
    return points;
  }

  function axis(more) {
    var plain = {
      border: { display: false },
      grid: { color: color("--line") },
      ticks: { color: color("--muted"), maxTicksLimit: 6, autoSkipPadding: 12, maxRotation: 0, precision: 0 }
    };
    return Object.assign(plain, more);
  }

  function options(points, lying) {
    var bare = axis({ grid: { display: false } });
    var counted = axis({ beginAtZero: true });
    return {
      animation: calm.matches ? false : { duration: 300 },
      indexAxis: lying ? "y" : "x",
      maintainAspectRatio: false,
      scales: lying ? { x: counted, y: bare } : { x: bare, y: counted },
      plugins: {
        legend: { display: false },
        tooltip: {
          displayColors: false,
          callbacks: { label: function (item) { return points.texts[item.dataIndex]; } }
        }
      }
    };
  }

  function draw(box) {
    var canvas = box.querySelector("canvas");
    var points = read(box);
    var kind = box.dataset.chart;
    var edge = color("--brand-edge");
    var set = { data: points.values, backgroundColor: edge, borderColor: edge };
    if (kind === "line") Object.assign(set, { borderWidth: 2, pointRadius: 2, tension: 0.25, spanGaps: true });
    else Object.assign(set, { borderRadius: 3, maxBarThickness: 28 });
    canvas.hidden = false;
    drawn.push(new window.Chart(canvas, {
      type: kind === "line" ? "line" : "bar",
      data: { labels: points.labels, datasets: [set] },
      options: options(points, kind === "parts")
    }));
  }

  function drawAll() {
    drawn.splice(0).forEach(function (chart) { chart.destroy(); });
    window.Chart.defaults.font.family = window.getComputedStyle(document.body).fontFamily;
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  drawAll();
  // Light or dark was switched: other colours.
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
