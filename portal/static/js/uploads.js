// Files go up in parts. A part that fails is sent again after a while; a file that is chosen once more after the page
// was closed goes on where it stopped.

const section = () => document.getElementById("files");
const PAUSES = [1000, 2000, 5000, 10000, 20000, 30000];
const token = () => document.querySelector('meta[name="csrf-token"]').content;
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const words = (kind, name, percent) =>
  section().querySelector("[data-uploads]").dataset[kind].replace("{name}", name).replace("{percent}", percent);

class Refused extends Error {}

async function ask(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { "X-CSRFToken": token(), Accept: "application/json" } });
  const found = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
  // What is refused once is refused again; what a server or the way to it could not do may work later.
  if (answer.status >= 400 && answer.status < 500 && ![408, 409, 429].includes(answer.status)) throw new Refused(found.error ?? "");
  if (!answer.ok && found.parts === undefined) throw new Error(String(answer.status));
  return found;
}

async function persist(line, name, deed) {
  for (let turn = 0; ; turn++) {
    try {
      return await deed();
    } catch (error) {
      if (error instanceof Refused || line.stopped) throw error;
      line.say(words("stuck", name));
      await wait(PAUSES[Math.min(turn, PAUSES.length - 1)]);
      if (line.stopped) throw error;
    }
  }
}

function lineFor(file) {
  const item = document.createElement("li");
  const text = document.createElement("span");
  const bar = document.createElement("progress");
  const stop = document.createElement("button");
  const line = {
    stopped: false,
    say: (said) => (text.textContent = said),
    show: (share) => {
      bar.value = share;
      text.textContent = words("waits", file.name, Math.floor(100 * share));
    },
    fail: (said) => {
      text.textContent = said;
      item.classList.add("failed");
      bar.remove();
      stop.remove();
    },
    done: () => {
      text.textContent = words("done", file.name);
      document.getElementById("live").textContent = text.textContent;
      bar.remove();
      stop.remove();
    },
  };
  bar.setAttribute("aria-label", file.name);
  bar.max = 1;
  stop.type = "button";
  stop.className = "button quiet";
  stop.textContent = section().querySelector("[data-uploads]").dataset.cancel;
  stop.addEventListener("click", () => {
    line.stopped = true;
    item.remove();
  });
  item.append(text, stop, bar);
  section().querySelector("[data-uploads]").append(item);
  line.show(0);
  return line;
}

async function begin(file, key) {
  const known = localStorage.getItem(key);
  if (known) {
    try {
      return await ask(`${section().dataset.begin}/${known}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  const begun = await ask(section().dataset.begin, {
    method: "POST",
    body: new URLSearchParams({ name: file.name, size: file.size }),
  });
  localStorage.setItem(key, begun.id);
  return begun;
}

// Of this person, for this lesson; behind it stand name, size and time of the file.
const prefix = () => `upload:${section().dataset.user}:${section().dataset.begin}:`;

// What a reload or a closed window broke off is said: the browser gives a page no file that was not chosen anew.
function showLeft() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix()));
  for (const key of keys) {
    const name = key.slice(prefix().length).replace(/:\d+:\d+$/, "");
    const item = document.createElement("li");
    const text = document.createElement("span");
    const forget = document.createElement("button");
    item.dataset.left = key;
    text.textContent = words("left", name);
    forget.type = "button";
    forget.className = "button quiet";
    forget.textContent = section().querySelector("[data-uploads]").dataset.forget;
    forget.addEventListener("click", () => {
      localStorage.removeItem(key);
      item.remove();
    });
    item.append(text, forget);
    section().querySelector("[data-uploads]").append(item);
  }
}

let sending = 0;
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

async function send(file) {
  const line = lineFor(file);
  const place = section().dataset.begin;
  const key = `${prefix()}${file.name}:${file.size}:${file.lastModified}`;
  for (const item of section().querySelectorAll("[data-left]")) if (item.dataset.left === key) item.remove();
  sending += 1;
  try {
    const upload = await persist(line, file.name, () => begin(file, key));
    let { parts } = upload;
    while (parts * upload.part_size < file.size) {
      if (line.stopped) return;
      line.show((parts * upload.part_size) / file.size);
      const body = file.slice(parts * upload.part_size, (parts + 1) * upload.part_size);
      // Another tab, or an answer that was lost: the server knows best which part is next.
      ({ parts } = await persist(line, file.name, () => ask(`${place}/${upload.id}/${parts}`, { method: "POST", body })));
    }
    localStorage.removeItem(key);
    line.done();
    await refresh();
  } catch (error) {
    localStorage.removeItem(key);
    if (!line.stopped) line.fail(error.message && error instanceof Refused ? error.message : words("failed", file.name));
  } finally {
    sending -= 1;
  }
}

async function refresh() {
  const answer = await fetch(section().dataset.list);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("files");
  const list = fresh?.querySelector(".file-list");
  const old = section().querySelector(".file-list") ?? section().querySelector("h2 + p");
  if (list && old) old.replaceWith(list);
  document.getElementById("file-hint").replaceWith(fresh.querySelector("#file-hint"));
  document.getElementById("lesson-form").elements.body.dispatchEvent(new Event("input", { bubbles: true }));
}

async function sendAll(files) {
  for (const file of files) await send(file);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".upload")) return;
  event.preventDefault();
  const input = event.target.elements.file;
  if (!input.files.length) return input.focus();
  sendAll([...input.files]);
  input.value = "";
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const over = event.target.closest?.("#files");
    section().classList.toggle("over", Boolean(over) && kind === "dragover");
    if (!over) return;
    event.preventDefault();
    if (kind === "drop") sendAll([...event.dataTransfer.files]);
  });
}
if (section()) showLeft();
