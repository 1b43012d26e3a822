// Live sliders for the tuning page: each move asks the server for the same page and puts its answer in place of the last one.
"use strict";

for (const form of document.querySelectorAll("form[data-live]")) {
  let waiting = 0;
  let asked = 0;
  let answered = Promise.resolve();
  form.querySelector("[data-plain]").hidden = true;

  const show = () => {
    for (const output of form.querySelectorAll("output")) {
      const slider = form.elements[output.htmlFor.value];
      const exact = form.elements[`${slider.id}_exact`], shown = form.elements[`${slider.id}_shown`];
      output.value = exact && Number(shown.value) === Number(slider.value) ? exact.value : String(Number(slider.value));
    }
  };

  const ask = async () => {
    const mine = ++asked;
    const address = form.getAttribute("action").split("#")[0] + "?" + new URLSearchParams(new FormData(form));
    const place = document.getElementById(form.dataset.live);
    place.classList.add("busy");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const text = await answer.text();
      if (mine !== asked) return;
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(form.dataset.live);
      // Signed out or an error: let the browser show what the server says.
      if (!answer.ok || !fresh) { location.href = address; return; }
      place.replaceChildren(...fresh.childNodes);
      history.replaceState(null, "", address);
      place.classList.remove("busy");
    } catch {
      place.classList.remove("busy");
    }
  };

  // Enter on a slider leads to what it is tried for: saying why, once the answer for this value is there.
  form.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || event.target.type !== "range") return;
    event.preventDefault();
    if (waiting) { clearTimeout(waiting); waiting = 0; answered = ask(); }
    await answered;
    document.getElementById("why")?.focus();
  });

  form.addEventListener("input", (event) => {
    const moved = event.target, other = moved.id === "medium" ? form.elements.high : form.elements.medium;
    // High severity begins at or over the alert threshold: the one moved takes the other along.
    if (Number(form.elements.high.value) < Number(form.elements.medium.value)) other.value = moved.value;
    show();
    clearTimeout(waiting);
    waiting = setTimeout(() => { waiting = 0; answered = ask(); }, 120);
  });
}
