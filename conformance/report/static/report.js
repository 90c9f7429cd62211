"use strict";
// The page without this file holds the verdict, the findings, the matrix and a row for every case. This file opens the
// cases (unpacks what `html.py` packed), filters them, and keeps all of that in the URL's fragment: file:// pages have no
// other part of the URL that they may change. `#case=a/b&step=0-3&q=text&status=FAIL&level=exact&feature=a`
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const cases = $$("details.case");
  const controls = { q: $("#q"), status: $("#status"), level: $("#level"), feature: $("#feature") };
  const texts = new Map(cases.map((row) => [row, $("summary .title", row).textContent.toLowerCase()]));
  const FAILING = ["FAIL", "CRASH", "TIMEOUT"];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // ------------------------------------------------------------------------------------------------- state in the URL

  let state = {};

  function parse(hash) {
    const fields = new URLSearchParams(hash.replace(/^#/, ""));
    const found = {};
    for (const key of ["case", "step", "q", "status", "level", "feature"]) {
      if (fields.get(key)) found[key] = fields.get(key);
    }
    return found;
  }

  function written(fields) {
    // Slashes are left readable: `#case=accumulation/backward_adds_to_grad` is then also the id of the row, which works
    // without JavaScript.
    const parts = Object.entries(fields).filter(([, value]) => value);
    return parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2F", "/")}`).join("&");
  }

  function go(change, { replace = false } = {}) {
    const next = { ...state, ...change };
    const hash = "#" + written(next);
    if (hash !== (location.hash || "#")) history[replace ? "replaceState" : "pushState"](null, "", hash);
    return apply(next);
  }

  async function apply(next) {
    const before = state;
    state = next;
    for (const [key, control] of Object.entries(controls)) {
      if (control.value !== (state[key] || "")) control.value = state[key] || "";
    }
    filter();
    const row = state.case ? rowOf(state.case) : null;
    for (const other of cases) if (other !== row && other.open) other.open = false;
    if (row) {
      row.open = true;
      await unpack(row);
      if (state !== next) return; // Somebody went elsewhere in the meantime.
      if (state.step) toStep(row, state.step);
      else if (before.case !== state.case) show(row);
    }
  }

  const rowOf = (id) => cases.find((row) => row.dataset.case === id);

  // ----------------------------------------------------------------------------------------------------------- filter

  function matches(row) {
    const status = state.level ? row.dataset[state.level] : row.dataset.status;
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    return (
      (!state.feature || row.parentElement.dataset.feature === state.feature) &&
      (!state.status || state.status === status ||
        (state.status === "failing" && FAILING.includes(status)) ||
        (state.status === "unexpected" && row.dataset.unexpected === "yes")) &&
      (!state.level || status) &&
      words.every((word) => texts.get(row).includes(word))
    );
  }

  function filter() {
    let count = 0;
    for (const row of cases) {
      const fits = matches(row);
      count += fits;
      row.hidden = !fits && row.dataset.case !== state.case;
    }
    for (const section of $$("section.feature")) section.hidden = !$("details.case:not([hidden])", section);
    $("#shown").textContent = count === cases.length ? `${count} cases` : `${count} of ${cases.length} cases`;
    $("#nothing").hidden = count > 0 || !cases.length;
    $("#clear").disabled = !(state.q || state.status || state.level || state.feature);
  }

  let typing = false; // One entry in the history for one bout of typing, not one a key.
  controls.q.addEventListener("input", () => {
    go({ q: controls.q.value, step: "" }, { replace: typing });
    typing = true;
  });
  controls.q.addEventListener("blur", () => { typing = false; });
  for (const key of ["status", "level", "feature"]) {
    controls[key].addEventListener("change", () => {
      const change = { [key]: controls[key].value, step: "" };
      // "At level exact" alone would show every case there is; who picks a level wants to know what fails there.
      if (key === "level" && controls.level.value && !state.status) change.status = "failing";
      go(change);
    });
  }
  $("form.filter").addEventListener("submit", (event) => event.preventDefault());
  $("form.filter").addEventListener("reset", (event) => {
    event.preventDefault();
    go({ q: "", status: "", level: "", feature: "", step: "" });
    controls.q.focus();
  });

  // ------------------------------------------------------------------------------------------------------ one case

  async function unpack(row) {
    const panel = $(".panel", row);
    const packed = panel.dataset.packed;
    if (!packed) return panel.ready;
    delete panel.dataset.packed;
    panel.setAttribute("aria-busy", "true");
    panel.ready = (async () => {
      try {
        const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
        panel.innerHTML = await new Response(stream).text();
      } catch (error) {
        panel.textContent = `This browser cannot unpack the case (${error}). summary.md holds the findings as text.`;
      }
      panel.removeAttribute("aria-busy");
    })();
    return panel.ready;
  }

  const scroll = (element, block) => element.scrollIntoView({ block, behavior: calm.matches ? "auto" : "smooth" });

  function show(row) {
    // At once, not smoothly: the panels above have just changed their height.
    row.scrollIntoView({ block: "start" });
    $("summary", row).focus({ preventScroll: true });
  }

  function toStep(row, step) {
    const line = document.getElementById(`step-${step}`);
    if (!line || !row.contains(line)) return;
    for (const other of $$("tr.target")) other.classList.remove("target");
    line.classList.add("target");
    line.focus({ preventScroll: true });
    scroll(line, "center");
  }

  function close(row) {
    go({ case: "", step: "" });
    $("summary", row).focus();
  }

  for (const row of cases) {
    $("summary", row).addEventListener("click", (event) => {
      event.preventDefault(); // The URL says what is open; the row follows it.
      if (row.open) close(row);
      else go({ case: row.dataset.case, step: "" });
    });
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("details.case");
    const button = event.target.closest("button");
    const link = event.target.closest("a[href^='#']");
    if (button?.matches(".copy")) copy(button, $("pre code", button.closest(".program")).textContent);
    else if (button?.matches(".copy-link")) copy(button, location.href.split("#")[0] + "#" + written({ case: row.dataset.case }));
    else if (button?.matches(".close")) close(row);
    else if (link) follow(event, link);
  });

  function follow(event, link) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const hash = link.getAttribute("href");
    if (!hash.includes("=")) return; // An ordinary anchor, such as #cases.
    event.preventDefault();
    const fields = parse(hash);
    if (fields.step) {
      go(fields);
    } else if (fields.case) {
      go({ ...fields, step: "" });
    } else {
      // A cell of the matrix is a whole filter, not an addition to the one that is there.
      go({ q: "", status: "", level: "", feature: "", case: "", step: "", ...fields });
      scroll($("#cases"), "start");
      $("#cases").focus({ preventScroll: true });
    }
  }

  // ------------------------------------------------------------------------------------------------------------- copy

  async function copy(button, text) {
    const done = await toClipboard(text);
    const word = $(".word", button);
    button.dataset.says ??= word.textContent;
    word.textContent = done ? "Copied" : "Press Ctrl+C";
    if (!done && button.matches(".copy")) getSelection().selectAllChildren($("pre code", button.closest(".program")));
    $("#announce").textContent = done ? "Copied" : "Copying was refused; the text is selected, press Control C";
    clearTimeout(button.timer);
    button.timer = setTimeout(() => {
      word.textContent = button.dataset.says;
      $("#announce").textContent = "";
    }, 2500);
  }

  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused or absent, as some browsers do on file://. The older way needs a selection in the page.
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "visually-hidden";
      area.setAttribute("readonly", "");
      const focused = document.activeElement;
      document.body.append(area);
      area.select();
      let done = false;
      try { done = document.execCommand("copy"); } catch { /* The text is selected for the reader instead. */ }
      area.remove();
      focused?.focus({ preventScroll: true });
      return done;
    }
  }

  // --------------------------------------------------------------------------------------------------------- keyboard

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = document.activeElement;
    const writing = at?.matches("input, select, textarea");
    if (event.key === "Escape") {
      const row = state.case && rowOf(state.case);
      if (at === controls.q && controls.q.value) { go({ q: "" }, { replace: true }); event.preventDefault(); }
      else if (at === controls.q) at.blur();
      else if (row) { close(row); event.preventDefault(); }
    } else if (writing) {
      if (at === controls.q && (event.key === "ArrowDown" || event.key === "Enter")) move(event, 1);
    } else if (event.key === "/") {
      event.preventDefault();
      controls.q.focus();
      controls.q.select();
    } else if (event.key === "j" || event.key === "k") {
      move(event, event.key === "j" ? 1 : -1);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && at?.matches("details.case > summary")) {
      move(event, event.key === "ArrowDown" ? 1 : -1);
    }
  });

  function move(event, by) {
    const visible = cases.filter((row) => !row.hidden);
    if (!visible.length) return;
    event.preventDefault();
    const here = document.activeElement?.closest("details.case");
    const index = here ? visible.indexOf(here) + by : by > 0 ? 0 : visible.length - 1;
    const next = $("summary", visible[Math.max(0, Math.min(index, visible.length - 1))]);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  // ------------------------------------------------------------------------------------------------------------ theme

  const THEMES = ["auto", "light", "dark"];
  const KEY = "torchstone-theme";
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };

  function theme(name) {
    const known = THEMES.includes(name) ? name : "auto";
    if (known === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = known;
    $("#theme-name").textContent = known;
    return known;
  }

  let current = theme(stored());
  $("#theme").addEventListener("click", () => {
    current = theme(THEMES[(THEMES.indexOf(current) + 1) % THEMES.length]);
    try { localStorage.setItem(KEY, current); } catch { /* Then it holds for this visit. */ }
  });

  // ------------------------------------------------------------------------------------------------------------ start

  for (const element of [$("#theme"), $("form.filter"), $(".keys")]) element.hidden = false;
  addEventListener("popstate", () => apply(parse(location.hash)));
  addEventListener("hashchange", () => {
    if (written(parse(location.hash)) !== written(state)) apply(parse(location.hash));
  });
  addEventListener("beforeprint", () => $$("details.known, details.versions").forEach((fold) => { fold.open = true; }));
  apply(parse(location.hash));
})();
