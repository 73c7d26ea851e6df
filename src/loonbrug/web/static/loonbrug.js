// What needs a script, and no more: copying a text, closing an open menu, ticking all boxes of a name,
// taking what is ticked along to the other language, and the heading beside each cell of a table that a telephone stacks.
// Everything also works without it.
document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.textContent = copy.dataset.done;
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

const rowsOf = (head) => [...head.form.querySelectorAll(`[name="${head.dataset.ticks}"]`)];

function headFollows(head) {
  head.checked = rowsOf(head).every((box) => box.checked);
}

document.addEventListener("change", ({ target }) => {
  if (target.dataset.ticks) for (const box of rowsOf(target)) box.checked = target.checked;
  else target.form?.querySelectorAll("[data-ticks]").forEach(headFollows);
});

document.addEventListener("formdata", ({ target, formData }) => {
  const kept = target.matches(".language") && document.querySelector("form[data-kept]");
  if (!kept) return;
  const own = new Set(formData.keys());
  for (const [name, value] of new FormData(kept)) if (!own.has(name)) formData.append(name, value);
  formData.set("kept", "yes");
});

function headed(row, headings) {
  let column = 0;
  return [...row.cells].map((cell) => {
    const heading = headings[column];
    column += cell.colSpan;
    return { cell, heading, isEmpty: !cell.innerText.trim() };
  });
}

// Everything is read before anything is written: after each change, reading would lay out the whole page anew.
function nameCells(table) {
  const headings = [...table.tHead.rows[0].cells].map((cell) => cell.innerText.trim());
  const rows = [...table.tBodies, table.tFoot].flatMap((part) => [...(part?.rows ?? [])]);
  for (const { cell, heading, isEmpty } of rows.flatMap((row) => headed(row, headings))) {
    if (!isEmpty) cell.dataset.label = heading;
  }
}

htmx.onLoad((content) => {
  for (const table of content.querySelectorAll(".list--stacked")) nameCells(table);
  for (const head of content.querySelectorAll("[data-ticks]")) {
    head.hidden = false;
    headFollows(head);
  }
  if (!navigator.clipboard) return;
  for (const button of content.querySelectorAll("[data-copy]")) button.hidden = false;
});
