// Keys for the desk. Every page works without this file: it moves a frame over the rows and presses buttons that are there.
"use strict";

const KEPT = "desk-row";

function rows() {
  return [...document.querySelectorAll("[data-list] [data-item]")];
}

function current() {
  return document.querySelector("[data-item].here");
}

function show(row, follow = true) {
  current()?.classList.remove("here");
  if (!row) return;
  row.classList.add("here");
  const link = row.querySelector("h2 a, a");
  link?.focus({ preventScroll: true });
  if (follow) row.scrollIntoView({ block: "nearest" });
  sessionStorage.setItem(KEPT, JSON.stringify([location.pathname, rows().indexOf(row)]));
}

function move(step) {
  const all = rows();
  if (!all.length) {
    document.querySelector(step > 0 ? "[data-next]" : "[data-prev]")?.click();
    return;
  }
  const at = all.indexOf(current());
  show(all[Math.min(Math.max(at < 0 && step < 0 ? 0 : at + step, 0), all.length - 1)]);
}

// After a decision the list is shorter by what was decided: the frame stays at its place.
function restore() {
  const all = rows();
  if (!all.length) return;
  let [path, at] = ["", -1];
  try {
    [path, at] = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
  } catch {
    return;
  }
  if (path === location.pathname && at >= 0) show(all[Math.min(at, all.length - 1)]);
}

// A key decides on what is marked, else on the row in the frame.
function marked() {
  const form = document.querySelector("#bulk");
  if (!form || form.querySelector("[data-item] input:checked")) return true;
  const box = current()?.querySelector("input[type=checkbox]");
  if (box) box.checked = true;
  return Boolean(box);
}

// All rows of the page, or none where all were marked.
function markAll() {
  const boxes = [...document.querySelectorAll("#bulk [data-item] input[type=checkbox]")];
  const every = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !every;
}

function unmark(row) {
  const box = row?.querySelector("input[type=checkbox]");
  if (box) box.checked = false;
}

function press(key) {
  document.querySelector(`main [data-key="${key}"]`)?.click();
}

function decide(key) {
  if (!marked()) return;
  if (key === "d") ask();
  else press(key);
}

// Why dismiss: the reasons of the form's own list, by number.
function ask() {
  const select = document.querySelector("#reason_dismiss");
  if (!select) return;
  if (select.value) {
    press("d");
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "why";
  dialog.setAttribute("aria-label", "Why dismiss?");
  const title = document.createElement("h2");
  title.textContent = "Why dismiss?";
  const list = document.createElement("ol");
  [...select.options].filter((option) => option.value).forEach((option, at) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const key = document.createElement("kbd");
    const digit = at < 10 ? String((at + 1) % 10) : "";
    key.textContent = digit;
    button.type = "button";
    if (digit) button.dataset.number = digit;
    button.append(...(digit ? [key] : []), ` ${option.textContent}`);
    button.addEventListener("click", () => {
      select.value = option.value;
      dialog.close("chosen");
      press("d");
    });
    item.append(button);
    list.append(item);
  });
  dialog.append(title, list);
  const alone = document.querySelectorAll("[data-item] input:checked").length === 1;
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "chosen" && alone) unmark(current());
    dialog.remove();
  });
  dialog.addEventListener("keydown", (event) => {
    const button = dialog.querySelector(`[data-number="${event.key}"]`);
    if (button) {
      event.preventDefault();
      event.stopPropagation();
      button.click();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

let leader = 0;

function go(letter) {
  const places = { q: "Queue", m: "Market", t: "Tuning", s: "Sites", e: "Sellers", d: "Data" };
  const link = [...document.querySelectorAll(".top nav a")].find((a) => a.textContent.trim() === places[letter]);
  if (link) location.href = link.href;
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => (current()?.dataset.href ? (location.href = current().dataset.href) : press("o")),
  x: () => current()?.querySelector("input[type=checkbox]")?.click(),
  X: markAll,
  c: () => decide("c"),
  d: () => decide("d"),
  s: () => decide("s"),
  e: () => decide("e"),
  h: () => decide("h"),
  u: () => press("u"),
  n: () => document.querySelector('.pages [rel="next"]')?.click(),
  p: () => document.querySelector('.pages [rel="prev"]')?.click(),
  t: () => document.querySelector("#medium")?.focus(),
  "/": () => document.querySelector("#find")?.focus(),
  "?": () => document.querySelector("#keys")?.showModal(),
  Escape: () => document.querySelector("[data-back]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input:not([type=checkbox], [type=range]), textarea, select, .CodeMirror");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (Date.now() - leader < 1200) {
    leader = 0;
    event.preventDefault();
    go(event.key);
    return;
  }
  if (event.key === "g") {
    leader = Date.now();
    return;
  }
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (act) {
    event.preventDefault();
    act();
  }
});

document.addEventListener("DOMContentLoaded", () => {
  if (matchMedia("(max-width: 56rem)").matches) {
    for (const part of document.querySelectorAll("details[data-open-wide]")) part.open = false;
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-item]");
    if (row) show(row, false);
  });
  // A form that is on its way is not sent twice; the server would refuse the second anyway.
  document.addEventListener("submit", (event) => {
    // Enter in a field of a form that decides: which decision is for a button to say.
    if (event.submitter?.matches("[data-choose]")) {
      event.preventDefault();
      return;
    }
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  for (const button of document.querySelectorAll("[data-mark-all]")) {
    button.hidden = false;
    button.addEventListener("click", markAll);
  }
  // The hint of a key where there is a keyboard, and where this file answers it.
  const find = document.querySelector("[data-slash]");
  if (find && !matchMedia("(hover: none), (max-width: 40rem)").matches) find.placeholder += "  /";
  restore();
});
