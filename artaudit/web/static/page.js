"use strict";
/* The page works with forms alone; this adds dropping and pasting, following jobs, and looking closely. */

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/* Files: what is dropped or pasted goes into the form's own input. */
const LARGEST = 512 * 1024 * 1024, TOGETHER = 1024 * 1024 * 1024;

function taken(drop, files) {
  const input = drop.querySelector("input[name=files]");
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  input.files = list.files;
  shown(drop);
}

function shown(drop) {
  const input = drop.querySelector("input[name=files]"), place = drop.querySelector("[data-chosen]");
  const files = [...input.files], large = files.find((file) => file.size > LARGEST);
  const whole = files.reduce((sum, file) => sum + file.size, 0);
  place.textContent = "";
  input.setCustomValidity("");
  if (!files.length) return;
  if (large || whole > TOGETHER) {
    const said = large ? `${large.name} is larger than a picture may be (512 MB).` : "Together these are more than 1 GB: add fewer at once.";
    input.setCustomValidity(said);
    const line = document.createElement("p");
    line.className = "error";
    line.textContent = said;
    place.append(line);
    return;
  }
  for (const file of files.slice(0, 12)) {
    const line = document.createElement("span");
    line.textContent = file.name;
    place.append(line);
  }
  if (files.length > 12) place.append(`and ${files.length - 12} more`);
  const form = input.form;
  if (form.hasAttribute("data-go")) {
    drop.classList.add("sending");
    form.requestSubmit();
  }
}

async function walked(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const part = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!part.length) break;
    for (const inside of part) found.push(...await walked(inside));
  }
  return found.filter((file) => !file.name.startsWith("."));
}

function dropping(drop) {
  const input = drop.querySelector("input[name=files]"), folder = drop.querySelector("[data-folder]");
  input.addEventListener("change", () => shown(drop));
  if (folder) folder.addEventListener("change", () => taken(drop, [...folder.files].filter((file) => /\.(png|jpe?g|webp|tiff?|bmp)$/i.test(file.name))));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const files = entries.length ? (await Promise.all(entries.map(walked))).flat() : [...event.dataTransfer.files];
    taken(drop, input.multiple ? files : files.slice(0, 1));
  });
}

for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
document.addEventListener("paste", (event) => {
  const form = document.querySelector("form[data-paste]"), files = [...(event.clipboardData?.files || [])];
  if (form && files.length) taken(form.querySelector("[data-drop]"), files);
});

/* Looking closely: a line between two pictures, sizes, and what to compare with. */
function comparing(compare) {
  const stage = compare.querySelector(".stage"), range = compare.querySelector("input[type=range]");
  const over = compare.querySelector("[data-over]"), scroll = compare.querySelector(".scroll");
  const split = (share) => stage.style.setProperty("--split", `${share}%`);
  range.addEventListener("input", () => split(range.value));
  split(range.value);
  let held = false;
  const follow = (event) => {
    const box = stage.getBoundingClientRect();
    range.value = Math.max(0, Math.min(100, 100 * (event.clientX - box.left) / box.width));
    split(range.value);
  };
  stage.addEventListener("pointerdown", (event) => { held = event.button === 0; if (held) follow(event); });
  window.addEventListener("pointermove", (event) => { if (held) follow(event); });
  window.addEventListener("pointerup", () => { held = false; });
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  for (const button of all("[data-zoom]", compare)) button.addEventListener("click", () => {
    for (const other of all("[data-zoom]", compare)) other.setAttribute("aria-pressed", String(other === button));
    const zoom = button.dataset.zoom;
    compare.classList.toggle("close", zoom !== "fit");
    stage.style.width = zoom === "fit" ? "" : `${over.naturalWidth * zoom / window.devicePixelRatio}px`;
    if (zoom !== "fit") { scroll.scrollLeft = (scroll.scrollWidth - scroll.clientWidth) / 2; scroll.scrollTop = (scroll.scrollHeight - scroll.clientHeight) / 2; }
  });
  for (const button of all("[data-view]", compare)) button.addEventListener("click", () => {
    for (const other of all("[data-view]", compare)) other.setAttribute("aria-pressed", String(other === button));
    over.src = button.dataset.view;
    all(".end", compare)[1].textContent = button.textContent;
  });
}

/* Jobs: how far they are, several times a second; parts of the page are fetched anew when there is more to show. */
const EVERY = 350, ACTIVE = ["waiting", "running", "paused"];
const following = () => all("[data-job]").filter((place) => ACTIVE.includes(place.dataset.state));

async function follow() {
  const places = following();
  if (!places.length) return;
  const begun = performance.now();
  let told;
  try {
    const answer = await fetch(`/queue/state?jobs=${places.map((place) => place.dataset.job).join(",")}`);
    if (answer.status === 403) { location.reload(); return; }
    told = await answer.json();
  } catch { setTimeout(follow, 2000); return; }
  document.querySelector("[data-queue-count]").textContent = told.active;
  let changed = false;
  for (const job of told.jobs) {
    const place = document.querySelector(`[data-job="${job.id}"]`), before = place.dataset.state;
    const starts = before === "waiting" && job.state === "running";
    changed ||= job.state !== before && !starts || Boolean(place.closest("[data-fresh]")) && String(job.shown) !== place.dataset.shown;
    if (starts) place.dataset.state = job.state;
    progressed(place, job);
  }
  if (changed) await refresh();
  setTimeout(follow, document.hidden ? 2000 : Math.max(50, EVERY - (performance.now() - begun)));
}

function progressed(place, job) {
  place.querySelector("progress").value = job.share;
  place.querySelector("[data-stage]").textContent = job.stage;
  place.querySelector("[data-left]").textContent = job.left;
  if (job.state === "running" && !job.wish) place.querySelector(".state").textContent = `${Math.round(100 * job.share)} %`;
  const picture = place.parentElement.querySelector("[data-now]"), turn = String(Math.floor(Date.now() / 1500));
  if (!picture || !job.seen || job.state !== "running" || picture.dataset.turn === turn) return;
  picture.dataset.turn = turn;
  const fresh = new Image();
  fresh.onload = () => { picture.src = fresh.src; picture.hidden = false; };
  fresh.src = `${picture.dataset.now}?${turn}`;
}

async function refresh() {
  const parts = all("[data-fresh]");
  if (!parts.length) { location.reload(); return; }
  const answer = await fetch(location.pathname + location.search);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || parts.some((part) => !page.getElementById(part.id))) { location.reload(); return; }
  for (const part of parts) {
    const other = page.getElementById(part.id);
    if (!other || other.dataset.fresh === part.dataset.fresh) continue; // gone with the part around it, or the same
    const chosen = all("input:checked", part).map((input) => input.id), open = all("details[open][id]", part).map((one) => one.id);
    const focused = document.activeElement && part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceWith(document.adoptNode(other));
    for (const id of chosen) if (id && document.getElementById(id)) document.getElementById(id).checked = true;
    for (const id of open) if (document.getElementById(id)) document.getElementById(id).open = true;
    if (focused) document.getElementById(focused)?.focus();
    setup(other);
  }
}

function setup(root) {
  for (const drop of all("[data-drop]", root)) dropping(drop);
  for (const compare of all("[data-compare]", root)) comparing(compare);
  for (const select of all("[data-submit]", root)) select.addEventListener("change", () => select.form.requestSubmit());
  for (const back of all("[data-back]", root)) back.addEventListener("click", (event) => { event.preventDefault(); history.back(); });
}

setup(document);
follow();
