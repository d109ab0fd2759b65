
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;

  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  if (!data.projection) return;

  /* ---- map ---- */
  const W = 1000, H = data.height, map = $("map"), world = $("world");
  const [polar, lon0, factor, cx, cy] = data.projection;
  const RAD = Math.PI / 180, EARTH = 6371008.8;
  const view = { k: 1, x: 0, y: 0 };
  const symbols = [...$("symbols").children];
  const byRow = [];
  for (const use of symbols) {
    const at = use.transform.baseVal[0].matrix;
    byRow[+use.dataset.i] = use;
    const s = data.numbers[+use.dataset.i][3];
    use.at = [at.e, at.f];
    use.size = 1.12 - 0.6 * Math.min(s === null ? 1 : s, 1);
  }
  const project = (lon, lat) => {
    const l = (lon - lon0) * RAD, f = lat * RAD;
    if (!polar) return [cx + factor * l, cy - factor * Math.asinh(Math.tan(f))];
    const r = 2 * Math.tan((Math.PI / 2 - polar * f) / 2);
    return [cx + factor * r * Math.sin(l), cy + factor * polar * r * Math.cos(l)];
  };
  const lonLat = (x, y) => {
    const e = (x - cx) / factor, n = (cy - y) / factor;
    if (!polar) return [lon0 + e / RAD, Math.atan(Math.sinh(n)) / RAD];
    return [lon0 + Math.atan2(e, -polar * n) / RAD, polar * (90 - 2 * Math.atan(Math.hypot(e, n) / 2) / RAD)];
  };
  const unit = () => W / Math.max(map.clientWidth, 1);  /* drawing units in a pixel of the screen */

  const STEPS = [1800, 900, 600, 300, 120, 60, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1];  /* minutes of arc */
  const SVG = "http://www.w3.org/2000/svg";
  const degrees = (value, positive, negative, step) => {
    const decimals = step < 1 ? 1 : 0;
    const minutes = +(Math.abs(value) * 60).toFixed(decimals);
    const whole = Math.floor(minutes / 60 + 1e-9), rest = Math.max(minutes - whole * 60, 0).toFixed(decimals);
    const side = minutes === 0 || minutes === 10800 ? "" : value > 0 ? positive : negative;
    const shown = data.language === "ru" ? rest.replace(".", ",") : rest;
    return whole + "°" + (step < 60 ? shown.padStart(decimals ? 4 : 2, "0") + "′" : "") + side;
  };
  const wrap = (lon) => ((lon + 540) % 360) - 180;

  const graticule = () => {
    const lines = [], labels = [], px = unit();
    const corner = (x, y) => lonLat((x - view.x) / view.k, (y - view.y) / view.k);
    if (polar) {
      for (let lon = -180; lon < 180; lon += 15) lines.push([[lon, polar * 45], [lon, polar * 89.9]]);
      for (let lat = 50; lat < 90; lat += 5)
        lines.push(Array.from({ length: 121 }, (_, i) => [i * 3, polar * lat]));
      for (const lat of [60, 65, 70, 75, 80, 85]) labels.push([project(lon0, polar * lat), lat + "°", "start"]);
    } else {
      const [west, north] = corner(0, 0), [east, south] = corner(W, H);
      const wanted = ((east - west) * 60) / (W / px / 150);
      const step = [...STEPS].reverse().find((s) => s >= wanted) || STEPS[0];
      const d = step / 60;
      for (let n = Math.ceil(west / d); n * d <= east; n++) {
        lines.push([[n * d, south], [n * d, north]]);
        labels.push([[project(n * d, 0)[0], null], degrees(wrap(n * d), data.words.east, data.words.west, step), "middle"]);
      }
      for (let n = Math.ceil(south / d); n * d <= north; n++) {
        lines.push([[west, n * d], [east, n * d]]);
        labels.push([[null, project(lon0, n * d)[1]], degrees(n * d, data.words.north, data.words.south, step), "start"]);
      }
    }
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", lines.map((line) => "M" + line.map(([a, b]) => project(a, b).map((v) => v.toFixed(2)).join(" ")).join("L")).join(""));
    $("graticule").replaceChildren(path);
    const size = 11.5 * px;
    $("edges").replaceChildren(...labels.map(([[x, y], text, anchor]) => {
      const label = document.createElementNS(SVG, "text");
      const sx = x === null ? 6 * px : x * view.k + view.x;
      const sy = y === null ? H - 7 * px : y * view.k + view.y - 3 * px;
      label.setAttribute("x", sx.toFixed(1));
      label.setAttribute("y", sy.toFixed(1));
      label.setAttribute("text-anchor", anchor);
      label.setAttribute("font-size", size.toFixed(1));
      label.textContent = text;
      if (sy < size * 1.2 || (x !== null && (sx < 40 * px || sx > W - 24 * px)) || (x === null && sy > H - 26 * px)) label.setAttribute("visibility", "hidden");
      return label;
    }));
  };

  const number = (value) => new Intl.NumberFormat(data.language, { maximumSignificantDigits: 4 }).format(value);
  const scaleBar = () => {
    const [, lat] = lonLat((W / 2 - view.x) / view.k, (H / 2 - view.y) / view.k);
    const metres = (EARTH * (polar ? 1 : Math.cos(lat * RAD)) / factor / view.k) * unit();
    const nice = (wanted) => { const p = 10 ** Math.floor(Math.log10(wanted)); return [5, 2, 1].find((s) => s * p <= wanted) * p; };
    const miles = nice((130 * metres) / 1852);
    $("scalebar").firstChild.textContent = number(miles) + " " + data.words.miles + " · " +
      (miles * 1852 < 1500 ? number(Math.round(miles * 1852)) + " " + data.words.metres : number(+(miles * 1.852).toPrecision(3)) + " " + data.words.kilometres);
    $("scalebar").lastChild.style.width = (miles * 1852) / metres + "px";
  };

  const draw = () => {
    world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
    const px = unit() / view.k;
    for (const use of symbols) {
      /* thousands of symbols: only those in view, and only when their size changed */
      const x = use.at[0] * view.k + view.x, y = use.at[1] * view.k + view.y;
      if (use.px === px || use.away || x < -20 || x > W + 20 || y < -20 || y > H + 20) continue;
      use.setAttribute("transform", `translate(${use.at[0]} ${use.at[1]}) scale(${(use.size * px).toPrecision(4)})`);
      use.px = px;
    }
    graticule();
    scaleBar();
    map.classList.toggle("zoomed", view.k > 1.01);
  };
  let asked = 0;
  const redraw = () => { if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(); }); };
  const LEAST = polar ? 0.5 : Math.max(0.25, W / (2 * Math.PI * factor));
  const zoom = (by, x = W / 2, y = H / 2) => {
    const k = Math.min(Math.max(view.k * by, LEAST), 4000);
    view.x = x - ((x - view.x) * k) / view.k;
    view.y = y - ((y - view.y) * k) / view.k;
    view.k = k;
    hold();
    redraw();
  };
  const hold = () => {
    const reach = 2 * W * Math.max(view.k, 1);
    view.x = Math.min(Math.max(view.x, W / 2 - reach - W * view.k), W / 2 + reach);
    view.y = Math.min(Math.max(view.y, H / 2 - reach - H * view.k), H / 2 + reach);
  };
  const home = () => { Object.assign(view, { k: 1, x: 0, y: 0 }); redraw(); };
  $("in").addEventListener("click", () => zoom(1.7));
  $("out").addEventListener("click", () => zoom(1 / 1.7));
  $("home").addEventListener("click", home);
  const here = (event) => {
    const box = map.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * W, ((event.clientY - box.top) / box.height) * H];
  };
  map.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.004), ...here(event));
  }, { passive: false });
  map.addEventListener("dblclick", (event) => zoom(2, ...here(event)));
  map.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [90, 0], ArrowRight: [-90, 0], ArrowUp: [0, 90], ArrowDown: [0, -90] }[event.key];
    if (move) { view.x += move[0]; view.y += move[1]; hold(); redraw(); }
    else if (event.key === "+" || event.key === "=") zoom(1.7);
    else if (event.key === "-") zoom(1 / 1.7);
    else if (event.key === "0") home();
    else return;
    event.preventDefault();
  });
  const fingers = new Map();
  let travelled = 0;
  map.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, here(event));
    travelled = 0;
    map.classList.add("moving");
  });
  addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = here(event);
    if (fingers.size === 1) {
      view.x += now[0] - before[0];
      view.y += now[1] - before[1];
      hold();
      redraw();
    } else {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]);
      if (apart(before) > 1) zoom(apart(now) / apart(before), ...other);
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    fingers.set(event.pointerId, now);
  });
  const lift = (event) => { fingers.delete(event.pointerId); if (!fingers.size) map.classList.remove("moving"); };
  addEventListener("pointerup", lift);
  addEventListener("pointercancel", lift);

  /* ---- table ---- */
  const body = $("rows").tBodies[0], rows = [...body.rows];
  const PAGE = 100;
  let shownPages = 1, order = rows.map((_, i) => i), matching = order;
  const text = rows.map((row) => (row.cells[1].textContent + " " + row.cells[2].textContent).toLowerCase());
  const page = (from = 0) => {
    const until = Math.min(shownPages * PAGE, matching.length);
    const parts = matching.slice(from, until).map((i) => rows[i]);
    if (from) body.append(...parts); else body.replaceChildren(...parts);
    $("more").hidden = until === matching.length;
    $("shown").textContent = data.words.shown.replace("{shown}", number2(matching.length)).replace("{whole}", number2(rows.length));
  };
  const number2 = (value) => new Intl.NumberFormat(data.language).format(value);
  const filter = () => {
    const words = $("words").value.trim().toLowerCase(), situation = $("situation").value;
    const moving = $("moving").checked, certain = $("certain").checked;
    matching = order.filter((i) => {
      const [bothMoving, isCertain, what] = data.flags[i];
      return (!words || text[i].includes(words)) && (!situation || what === situation) && (!moving || bothMoving) && (!certain || isCertain);
    });
    const on = new Set(matching);
    byRow.forEach((use, i) => {
      if (use.away === !on.has(i)) return;
      use.away = !on.has(i);
      use.toggleAttribute("hidden", use.away);
    });
    page();
    redraw();
  };
  const collator = new Intl.Collator(data.language, { numeric: true });
  const key = { n: (i) => i, a: (i) => rows[i].cells[1].textContent, b: (i) => rows[i].cells[2].textContent,
    s: (i) => rows[i].cells[8].textContent, q: (i) => rows[i].cells[11].textContent };
  for (const button of document.querySelectorAll("#rows th button")) {
    button.addEventListener("click", () => {
      const head = button.parentElement, down = head.getAttribute("aria-sort") === "ascending";
      for (const other of document.querySelectorAll("#rows th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const by = button.dataset.sort, of = key[by] || ((i) => data.numbers[i][+by]);
      const values = rows.map((_, i) => of(i)), turn = down ? -1 : 1;
      order = rows.map((_, i) => i).sort((i, j) => {
        const a = values[i], b = values[j];
        if (a === null || b === null) return (a === null) - (b === null) || i - j;
        return turn * (typeof a === "string" ? collator.compare(a, b) : a - b) || i - j;
      });
      filter();
    });
  }
  $("filters").addEventListener("input", () => { shownPages = 1; filter(); });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("more").addEventListener("click", () => { const from = shownPages * PAGE; shownPages += 5; page(from); });

  /* ---- map and table together ---- */
  const tip = $("tip");
  const tell = (use) => {
    const cells = rows[+use.dataset.i].cells;
    const strong = document.createElement("b");
    strong.textContent = cells[4].textContent + " " + data.words.metres;
    const line = (content) => { const p = document.createElement("div"); p.textContent = content; return p; };
    const name = (cell) => cell.textContent.trim().replace(/\s+/g, " ");
    tip.replaceChildren(strong, line(name(cells[1])), line(name(cells[2])), line(cells[3].textContent + " · " + cells[8].textContent));
    tip.hidden = false;
    const box = map.getBoundingClientRect(), sheet = map.parentElement.getBoundingClientRect();
    const x = ((use.at[0] * view.k + view.x) / W) * box.width + box.left - sheet.left;
    const y = ((use.at[1] * view.k + view.y) / H) * box.height + box.top - sheet.top;
    tip.style.left = Math.max(4, Math.min(x + 14, sheet.width - tip.offsetWidth - 4)) + "px";
    tip.style.top = Math.max(4, y + tip.offsetHeight + 20 > sheet.height ? y - tip.offsetHeight - 10 : y + 12) + "px";
  };
  const choose = (i) => {
    for (const marked of document.querySelectorAll(".chosen")) marked.classList.remove("chosen");
    byRow[i].classList.add("chosen");
    rows[i].classList.add("chosen");
  };
  $("symbols").addEventListener("pointerover", (event) => { if (event.target.dataset.i && fingers.size === 0) tell(event.target); });
  $("symbols").addEventListener("pointerout", () => { tip.hidden = true; });
  $("symbols").addEventListener("click", (event) => {
    if (!event.target.dataset.i || travelled > 6) return;
    const i = +event.target.dataset.i, where = matching.indexOf(i);
    choose(i);
    if (where >= shownPages * PAGE) { shownPages = Math.ceil((where + 1) / PAGE); page(); }
    rows[i].scrollIntoView({ block: "center" });
    rows[i].querySelector(".go").focus({ preventScroll: true });
  });
  body.addEventListener("click", (event) => {
    if (!event.target.classList.contains("go")) return;
    const i = rows.indexOf(event.target.closest("tr"));
    choose(i);
    const [x, y] = byRow[i].at, k = Math.max(view.k, Math.min(factor * 2e-4, 400), 3);
    Object.assign(view, { k, x: W / 2 - x * k, y: H / 2 - y * k });
    draw();
    map.scrollIntoView({ block: "center" });
    tell(byRow[i]);
  });
  addEventListener("resize", redraw);
  addEventListener("beforeprint", () => { shownPages = Infinity; page(); });
  page();
  draw();
})();
