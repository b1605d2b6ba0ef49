// Creates elements. Text is inserted as text; HTML only through `html`, and only the service's HTML.

/** Creates an element: `h("a", { href, class: "x" }, "text", another)`. Skips null and false. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// The service sanitises members named `html` against a short list of tags and attributes; in a
// `highlight` everything except `<mark>` is escaped. Both can be inserted as they are. If that failed,
// the content security policy would still block scripts.
const policy = window.trustedTypes?.createPolicy("roundup-html", { createHTML: (text) => text })
  ?? { createHTML: (text) => text };

/** Creates an element with HTML that the service has sanitised. */
export function html(name, attributes, safe) {
  const element = h(name, attributes);
  element.innerHTML = policy.createHTML(safe);
  return element;
}

/** Returns the URL if a page may link to it. An editor may have pasted anything. */
export function web(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Creates a link to another page, or plain text if there is no URL. */
export function away(url, text, attributes = {}) {
  const href = web(url);
  return href ? h("a", { href, rel: "noopener", ...attributes }, text) : h("span", attributes, text);
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Formats a time, to the day or to the minute. */
export function time(at, exactly = false) {
  if (!at) return null;
  return h("time", { datetime: at }, (exactly ? moment : day).format(new Date(at)));
}

/** Formats a count: `1 comment`, `2 comments`. */
export const count = (number, word) => `${number.toLocaleString()} ${word}${number === 1 ? "" : "s"}`;

/** Returns the children with a separator between them. */
export function dotted(children) {
  const there = children.filter(Boolean);
  return there.flatMap((child, n) => (n === 0 ? [child] : [" · ", child]));
}

/** Announces a text to screen readers. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
