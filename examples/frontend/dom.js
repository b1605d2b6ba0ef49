// Making elements. Text goes in as text; HTML only through `html`, and only what the service calls HTML.

/** An element: `h("a", { href, class: "x" }, "text", another)`. Nothing is made of null or false. */
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

// Members named `html` are sanitised by the service against a short list of tags and attributes when
// they are stored; in a `highlight` everything is escaped but `<mark>`. Both are made to be put into a
// page as they are. Should that ever fail, the content policy still runs no script of theirs.
const policy = window.trustedTypes?.createPolicy("roundup-html", { createHTML: (text) => text })
  ?? { createHTML: (text) => text };

/** An element that holds HTML which the service has made safe. */
export function html(name, attributes, safe) {
  const element = h(name, attributes);
  element.innerHTML = policy.createHTML(safe);
  return element;
}

/** The address, if a page may link to it: an editor's link may be anything that was pasted. */
export function web(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** A link to another page, or the mere text where there is no address for it. */
export function away(url, text, attributes = {}) {
  const href = web(url);
  return href ? h("a", { href, rel: "noopener", ...attributes }, text) : h("span", attributes, text);
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A point in time, to the day or to the minute. */
export function time(at, exactly = false) {
  if (!at) return null;
  return h("time", { datetime: at }, (exactly ? moment : day).format(new Date(at)));
}

/** `1 comment`, `2 comments`. */
export const count = (number, word) => `${number.toLocaleString()} ${word}${number === 1 ? "" : "s"}`;

/** The children with a separator between them. */
export function dotted(children) {
  const there = children.filter(Boolean);
  return there.flatMap((child, n) => (n === 0 ? [child] : [" · ", child]));
}

/** Says something to those who do not see the page. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
