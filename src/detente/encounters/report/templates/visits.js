
(() => {
  /* names of areas keep their size while the map is zoomed */
  const world = document.getElementById("world"), map = document.getElementById("map");
  if (!world) return;
  const names = [...document.querySelectorAll("#names text")];
  for (const name of names) name.below = +name.getAttribute("y") + 5;
  const size = () => {
    const found = /scale\(([^)]+)\)/.exec(world.getAttribute("transform") || "");
    const unit = 1000 / Math.max(map.clientWidth, 1) / (found ? +found[1] : 1);
    for (const name of names) {
      name.setAttribute("font-size", (12 * unit).toPrecision(4));
      name.setAttribute("y", (name.below - 5 * unit).toFixed(2));
    }
  };
  new MutationObserver(size).observe(world, { attributes: true, attributeFilter: ["transform"] });
  addEventListener("resize", size);
  size();
})();
