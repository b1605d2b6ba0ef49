// Selects the page by the fragment of the URL, so any file server will do.

import { API } from "./config.js";
import { h, say } from "./dom.js";
import { front } from "./front.js";
import { roundup } from "./roundup.js";
import { cites, search } from "./search.js";

const main = document.getElementById("main");
const box = document.getElementById("q");
let current = new AbortController();

/** Finds the page for a URL. A page takes its parameters and returns a title and elements. */
function route(hash) {
  const [path, query] = hash.replace(/^#/, "").split("?");
  const params = new URLSearchParams(query);
  const article = path.match(/^\/a\/(.+)$/);
  if (article) return (signal) => roundup(decodeURIComponent(article[1]), signal);
  if (path === "/search") return (signal) => search(params, signal);
  if (path === "/cites") return (signal) => cites(params, signal);
  return (signal) => front(params, signal);
}

async function show({ focus }) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const hash = location.hash || "#/";
  if (!hash.startsWith("#/search")) box.value = "";
  else if (document.activeElement !== box) box.value = new URLSearchParams(hash.split("?")[1]).get("q") ?? "";
  main.setAttribute("aria-busy", "true");
  let page;
  try {
    page = await route(hash)(signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    page = trouble(error);
  }
  if (signal.aborted) return;
  document.title = page.title ? `${page.title} – Roundup` : "Roundup";
  main.replaceChildren(...page.elements);
  main.setAttribute("aria-busy", "false");
  if (page.said) say(page.said);
  if (focus) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

function trouble(problem) {
  const again = h("button", { type: "button", click: () => show({ focus: true }) }, "Try again");
  const title = problem.status === 404 ? "There is no such page" : (problem.title ?? "Something went wrong");
  const box = h("div", { class: "note wrong", role: "alert" }, h("h1", {}, title), h("p", {}, problem.message), again);
  return { title, elements: [box] };
}

// Search as you type. The URL follows, but typing a word adds one history entry only.
let waiting;
function typed(delay) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const q = box.value.trim();
    const hash = q ? `#/search?${new URLSearchParams({ q })}` : "#/";
    if (hash === location.hash) return;
    if (location.hash.startsWith("#/search")) history.replaceState(null, "", hash);
    else history.pushState(null, "", hash);
    show({ focus: false });
  }, delay);
}
box.addEventListener("input", () => typed(200));
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  typed(0);
});

// `#main` is not a page: the skip link only moves the focus.
document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

document.getElementById("feed").href = `${API}/feeds/articles.atom`;
document.getElementById("docs").href = `${API}/docs/`;
window.addEventListener("hashchange", () => show({ focus: true }));
show({ focus: false });
