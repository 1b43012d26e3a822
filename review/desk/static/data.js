// For Datasette's pages: what its templates hold as inline script, which our policy does not run.
"use strict";
window.DATASETTE_ALLOW_FACET = true;
document.addEventListener("DOMContentLoaded", () => {
  // Datasette's filter row has no labels.
  const names = { _filter_column: "Column", _filter_op: "Comparison", _filter_value: "Value", sql: "SQL", _sort: "Sort by" };
  for (const field of document.querySelectorAll("main select, main input[type=text], main textarea")) {
    const name = Object.keys(names).find((key) => field.name.startsWith(key));
    if (name && !field.labels.length) field.setAttribute("aria-label", names[name]);
  }
  document.body.addEventListener("click", (event) => {
    const inside = event.target.closest("details");
    for (const menu of document.querySelectorAll("details.actions-menu-links[open]")) {
      if (menu !== inside) menu.open = false;
    }
  });
  const input = document.querySelector("textarea#sql-editor");
  if (!input || typeof CodeMirror === "undefined") return;
  const editor = CodeMirror.fromTextArea(input, { lineNumbers: true, mode: "text/x-sql", lineWrapping: true });
  editor.getInputField().setAttribute("aria-label", "SQL");
  editor.setOption("extraKeys", { "Shift-Enter": () => input.form.submit(), Tab: false });
  const format = document.querySelector("button#sql-format");
  if (format && window.sqlFormatter) {
    format.hidden = false;
    format.addEventListener("click", () => editor.setValue(sqlFormatter.format(editor.getValue())));
  }
});
