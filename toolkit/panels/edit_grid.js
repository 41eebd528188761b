// An editable table: choices in dropdowns, ticks, a filter by one column, and one value for all shown rows after a
// question. Only the rows in view are in the page, so 50,000 rows scroll as 50 do. Every text is set as text.
const ROW = 30;
const FEW_CHOICES = 60;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function render({ model, el }) {
  const columns = model.get("columns");
  const changed = new Set();
  let rows = [];
  let shown = [];

  const root = make("div", "cw-grid");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", model.get("label"));
  const bar = make("div", "cw-bar");
  const head = make("div", "cw-head");
  const view = make("div", "cw-view");
  const tall = make("div", "cw-tall");
  const count = make("span", "cw-count");
  view.append(tall);
  root.append(bar, head, view);
  el.append(root);

  const where = make("select");
  where.setAttribute("aria-label", "Column to filter by");
  columns.forEach((column) => where.append(new Option(column.label, column.name)));
  const words = make("input");
  words.type = "search";
  words.placeholder = "show rows with …";
  words.setAttribute("aria-label", "Words to filter by");
  const all = make("span", "cw-all");
  bar.append(make("span", "", "Show where"), where, words, count, all);

  const widths = columns.map((column) => column.width || "1fr").join(" ");
  head.style.gridTemplateColumns = widths;
  columns.forEach((column) => head.append(make("div", `cw-cell cw-${column.kind}`, column.label)));

  function text(row, column) {
    const value = row[column.name];
    if (column.kind === "toggle") return value ? "yes" : "no";
    return value === undefined || value === null ? "" : String(value);
  }

  function sift() {
    const column = columns.find((one) => one.name === where.value);
    const wanted = words.value.trim().toLowerCase();
    shown = wanted ? rows.filter((row) => text(row, column).toLowerCase().includes(wanted)) : rows;
    count.textContent = shown.length === rows.length ? `${rows.length} rows` : `${shown.length} of ${rows.length} rows`;
    tall.style.height = `${shown.length * ROW}px`;
    view.style.height = `${Math.min(shown.length, 14) * ROW + 2}px`;
    offerAll();
    draw();
  }

  function change(cells) {
    cells.forEach(({ row, name, value }) => {
      row[name] = value;
      changed.add(`${row.id}\u0000${name}`);
    });
    model.send({ edits: cells.map(({ row, name, value }) => ({ id: row.id, column: name, value })) });
  }

  function options(select, column, value) {
    select.replaceChildren(new Option(column.blank || "–", ""));
    column.choices.forEach((choice) => select.append(new Option(choice, choice)));
    if (value && !column.choices.includes(value)) select.append(new Option(`${value} (not in QuickBooks)`, value));
    select.value = value;
  }

  function choiceCell(row, column) {
    const value = row[column.name] || "";
    const select = make("select");
    select.setAttribute("aria-label", `${column.label} of ${row.name || row.id}`);
    if (column.choices.length <= FEW_CHOICES) {
      options(select, column, value);
    } else {
      select.append(new Option(value || column.blank || "–", value));
      const fill = () => select.options.length < 2 && options(select, column, row[column.name] || "");
      select.addEventListener("pointerdown", fill);
      select.addEventListener("focus", fill);
    }
    if (value && !column.choices.includes(value)) select.classList.add("cw-gone");
    select.addEventListener("change", () => {
      change([{ row, name: column.name, value: select.value }]);
      draw();
    });
    return select;
  }

  function toggleCell(row, column) {
    const tick = make("input");
    tick.type = "checkbox";
    tick.checked = Boolean(row[column.name]);
    tick.setAttribute("aria-label", `${column.label} of ${row.name || row.id}`);
    tick.addEventListener("change", () => {
      change([{ row, name: column.name, value: tick.checked }]);
      draw();
    });
    return tick;
  }

  function cell(row, column) {
    const place = make("div", `cw-cell cw-${column.kind}`);
    const off = (row.off || []).includes(column.name);
    if (off) place.textContent = "";
    else if (column.kind === "choice") place.append(choiceCell(row, column));
    else if (column.kind === "toggle") place.append(toggleCell(row, column));
    else {
      place.textContent = text(row, column);
      place.title = text(row, column);
    }
    if (changed.has(`${row.id}\u0000${column.name}`)) place.classList.add("cw-changed");
    return place;
  }

  function draw() {
    const first = Math.max(0, Math.floor(view.scrollTop / ROW) - 4);
    const last = Math.min(shown.length, first + Math.ceil((view.clientHeight || 14 * ROW) / ROW) + 8);
    const lines = [];
    for (let place = first; place < last; place += 1) {
      const row = shown[place];
      const line = make("div", "cw-row");
      line.style.gridTemplateColumns = widths;
      line.style.top = `${place * ROW}px`;
      if (row.mark) line.classList.add("cw-marked");
      columns.forEach((column) => line.append(cell(row, column)));
      lines.push(line);
    }
    tall.replaceChildren(...lines);
  }

  function offerAll() {
    all.replaceChildren();
    const settable = columns.filter((column) => column.kind === "choice");
    if (!words.value.trim() || !shown.length || !settable.length) return;
    const what = make("select");
    what.setAttribute("aria-label", "Column to set");
    settable.forEach((column) => what.append(new Option(column.label, column.name)));
    const value = make("select");
    value.setAttribute("aria-label", "Value to set");
    const column = () => settable.find((one) => one.name === what.value);
    const refill = () => options(value, column(), "");
    what.addEventListener("change", refill);
    refill();
    const ask = make("button", "", "Set for all shown …");
    ask.addEventListener("click", () => {
      const name = column().name;
      const hit = shown.filter((row) => !(row.off || []).includes(name));
      const yes = make("button", "cw-yes", `Yes, ${hit.length} rows`);
      yes.addEventListener("click", () => {
        change(hit.map((row) => ({ row, name, value: value.value })));
        sift();
      });
      const no = make("button", "", "No");
      no.addEventListener("click", offerAll);
      const to = value.value || column().blank || "–";
      all.replaceChildren(make("span", "", `${column().label} of ${hit.length} rows becomes ${to}?`), yes, no);
    });
    all.append(make("span", "", "set"), what, make("span", "", "to"), value, ask);
  }

  function load() {
    rows = model.get("rows").map((row) => ({ ...row }));
    changed.clear();
    sift();
  }

  function told(message) {
    (message.set || []).forEach(({ id, column, value, saved }) => {
      const row = rows.find((one) => one.id === id);
      if (!row) return;
      row[column] = value;
      if (saved) changed.delete(`${id}\u0000${column}`);
      else changed.add(`${id}\u0000${column}`);
    });
    sift();
  }

  where.addEventListener("change", sift);
  words.addEventListener("input", sift);
  view.addEventListener("scroll", draw);
  model.on("change:rows", load);
  model.on("msg:custom", told);
  load();
  return () => {
    model.off("change:rows", load);
    model.off("msg:custom", told);
  };
}

export default { render };
