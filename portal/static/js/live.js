// The bell and the compliance page follow what happens elsewhere. One small question every eight seconds tells whether
// anything has changed at all; most answers are "no" (304), and a page that nobody looks at does not ask.

const EVERY = 8_000;
// The whole list is expensive to draw: however much happens, once in so long is enough, the numbers come at once.
const LIST_EVERY = 60_000;
const bell = () => document.getElementById("bell");
let known = null;
let listDue = false;
let listAt = Date.now();

async function ask() {
  if (document.visibilityState !== "visible" || !bell()) return;
  let answer;
  try {
    answer = await fetch(bell().dataset.live, { cache: "no-cache", credentials: "omit" });
  } catch {
    return; // no connection: the next turn asks again
  }
  if (!answer.ok) return;
  const words = Object.fromEntries((await answer.text()).trim().split("\n").map((line) => line.split(" ")));
  const before = known;
  known = words;
  if (before && before.notices !== words.notices) refresh(bell().dataset.from, "#bell", "outerHTML");
  if (before && before.work !== words.work) followWork();
  if (listDue) followList();
}

function followWork() {
  const numbers = document.querySelector("[data-numbers]");
  if (!numbers) return;
  refresh(numbers.dataset.numbers + location.search, "#numbers", "innerMorph");
  listDue = true;
}

// Never under somebody's hands.
function followList() {
  const list = document.querySelector("[data-follows]");
  if (!list || Date.now() - listAt < LIST_EVERY) return;
  if (list.contains(document.activeElement) || document.querySelector("dialog[open]") || list.querySelector("input:checked")) return;
  listDue = false;
  listAt = Date.now();
  refresh(location.pathname + location.search, `#${list.id}`, "innerMorph");
}

function refresh(address, target, swap) {
  htmx.ajax("GET", address, { target, swap, headers: { "X-Live": "1" } });
}

addEventListener("visibilitychange", ask);
// Not everybody at the same moment.
setTimeout(() => setInterval(ask, EVERY), Math.random() * 1_000);
ask();
