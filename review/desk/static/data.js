// For Datasette's pages: what its templates hold as inline script, which our policy does not run.
"use strict";
window.DATASETTE_ALLOW_FACET = true;
document.addEventListener("DOMContentLoaded", () => {
  document.body.addEventListener("click", (event) => {
    const inside = event.target.closest("details");
    for (const menu of document.querySelectorAll("details.actions-menu-links[open]")) {
      if (menu !== inside) menu.open = false;
    }
  });
  const input = document.querySelector("textarea#sql-editor");
  if (!input || typeof CodeMirror === "undefined") return;
  const editor = CodeMirror.fromTextArea(input, { lineNumbers: true, mode: "text/x-sql", lineWrapping: true });
  editor.setOption("extraKeys", { "Shift-Enter": () => input.form.submit(), Tab: false });
  const format = document.querySelector("button#sql-format");
  if (format && window.sqlFormatter) {
    format.hidden = false;
    format.addEventListener("click", () => editor.setValue(sqlFormatter.format(editor.getValue())));
  }
});
