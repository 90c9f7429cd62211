"use strict";
// Filters of the matrix and of a feature's cases. What is chosen stands in the URL's fragment, so that a view can be sent
// to somebody: #q=text&level=exact&only=differs&without=jax,mygrad. Without this file every row and column is there.
(() => {
  const $ = (selector) => document.querySelector(selector);
  const $$ = (selector) => [...document.querySelectorAll(selector)];

  // ------------------------------------------------------------------------------------------------------------- theme

  const THEMES = ["auto", "light", "dark"];
  const button = $("#theme");
  const stored = () => { try { return localStorage.getItem("torchstone-theme") || "auto"; } catch { return "auto"; } };
  const store = (theme) => { try { localStorage.setItem("torchstone-theme", theme); } catch { /* a private window */ } };
  const show = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    $("#theme-name").textContent = theme;
  };
  button.hidden = false;
  show(stored());
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length];
    store(next);
    show(next);
  });

  // ----------------------------------------------------------------------------------------------------------- filters

  const grid = $(".grid");
  const form = $("form.filter");
  if (!grid || !form) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  const rows = $$(".grid tbody tr");
  const texts = new Map(rows.map((row) => [row, row.dataset.feature.toLowerCase().replaceAll("_", " ")]));
  const boxes = $$(".choices input");
  const controls = { q: $("#q"), level: $("#level"), only: $("#only") };

  function state() {
    const fields = new URLSearchParams(location.hash.slice(1));
    return {
      q: fields.get("q") || "",
      level: fields.get("level") || "required",
      only: fields.get("only") || "",
      without: (fields.get("without") || "").split(",").filter(Boolean),
    };
  }

  function apply() {
    const now = state();
    for (const [key, control] of Object.entries(controls)) if (control.value !== now[key]) control.value = now[key];
    if (!controls.level.value) controls.level.value = now.level = "required";
    grid.dataset.level = now.level;
    for (const box of boxes) box.checked = !now.without.includes(box.value);
    for (const cell of $$("[data-column]")) cell.hidden = now.without.includes(cell.dataset.column);
    const words = now.q.toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = words.every((word) => texts.get(row).includes(word)) && (now.only !== "differs" || "differs" in row.dataset);
      row.hidden = !fits;
      count += fits;
    }
    $("#shown").textContent = count === rows.length ? `${count} rows` : `${count} of ${rows.length} rows`;
  }

  function changed({ replace = false } = {}) {
    const fields = {
      q: controls.q.value,
      level: controls.level.value === "required" ? "" : controls.level.value,
      only: controls.only.value,
      without: boxes.filter((box) => !box.checked).map((box) => box.value).join(","),
    };
    const parts = Object.entries(fields).filter(([, value]) => value);
    const hash = "#" + parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
    history[replace ? "replaceState" : "pushState"](null, "", hash === "#" ? location.pathname : hash);
    apply();
  }

  controls.q.addEventListener("input", () => changed({ replace: true }));
  for (const control of [controls.level, controls.only, ...boxes]) control.addEventListener("change", () => changed());
  addEventListener("hashchange", apply);
  addEventListener("popstate", apply);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      controls.q.focus();
    }
  });
  apply();
})();
