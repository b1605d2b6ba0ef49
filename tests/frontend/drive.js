// Uses the example frontend as a reader does, and writes down what the page shows on the way: the
// test adds this file to a copy of the page and reads the notes in the dumped document.

const notes = { violations: [], failures: [] };
addEventListener("securitypolicyviolation", (event) => notes.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
addEventListener("error", (event) => notes.failures.push(event.message));
addEventListener("unhandledrejection", (event) => notes.failures.push(String(event.reason)));

const find = (selector) => document.querySelector(selector);
const texts = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(what, check) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = check();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`never: ${what}`);
}

const appears = (selector) => until(selector, () => find(selector));

async function fill(form, values) {
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  form.requestSubmit();
}

async function frontPage() {
  await appears("#front");
  notes.front = texts("#front h2");
  notes.lead = texts("#front .outlet")[0];
  find(".pager [rel=next]").click();
  await appears(".pager [rel=prev]");
  notes.older = texts("#front h2");
}

async function article() {
  location.hash = "#/a/former-slug";
  await appears(".roundup");
  notes.address = location.hash;
  notes.title = document.title;
  notes.headline = find(".roundup h1").textContent;
  notes.quote = find(".roundup > blockquote").textContent;
  notes.leadSource = find(".lead a.title").href;
  notes.sources = texts(".sources .title");
  notes.outlets = texts(".sources .outlet");
  notes.commentary = find(".commentary .prose").textContent;
  notes.corrections = texts(".corrections li");
  notes.related = texts(".related a");
  notes.comments = texts(".comment .prose").length;
  find(".more-button button").click();
  await until("the rest of the thread", () => !find(".more-button button"));
  notes.allComments = texts(".comment .prose").length;
}

const form = () => find(".comments > form");
const said = () => form().querySelector(".said");

async function post(values) {
  said().removeAttribute("data-status");
  await fill(form(), values);
  await until("an answer", () => said().dataset.status);
  return { status: said().dataset.status, said: said().textContent, last: texts(".comment .prose").at(-1) };
}

async function commenting() {
  await fill(form(), { name: "", email: "nobody", text: "" });
  await until("messages", () => form().querySelector("[aria-invalid]"));
  notes.refused = Object.fromEntries([...form().querySelectorAll(".row")].map((row) => [row.querySelector("label").textContent, row.querySelector(".wrong").textContent]));
  notes.focused = document.activeElement.name;
  // A form that is sent at once is a program's, says a rule.
  await sleep(3000);
  notes.shown = await post({ name: "Mara", email: "", text: "I <b>cross</b> it *daily*. <script>alert(1)</script>" });
  notes.markup = [...document.querySelectorAll(".comment")].at(-1).querySelector(".prose").innerHTML;
  notes.kept = Object.values(JSON.parse(localStorage.getItem("roundup")).tokens).every((one) => one.token.startsWith("et_"));
  const mine = [...document.querySelectorAll(".comment")].at(-1);
  [...mine.querySelectorAll("button")].find((button) => button.textContent === "Change").click();
  mine.querySelector("textarea").value = "I cross it weekly.";
  mine.querySelector("form").requestSubmit();
  await until("the change", () => texts(".comment .prose").at(-1).includes("weekly"));
  // Who has a comment that shows is known, and may link; but not so much.
  const links = [1, 2, 3, 4, 5, 6].map((n) => `http://shop.example.com/${n}`);
  notes.held = await post({ text: `See ${links.join(" ")} for more` });
  notes.badge = texts(".badge");
  const first = find(".comment");
  first.querySelector("button").click();
  await sleep(3000);
  await fill(first.querySelector("form"), { text: "So did I." });
  const reply = await until("the reply", () => first.nextElementSibling?.dataset.depth === "1" && first.nextElementSibling);
  notes.reply = reply.querySelector(".prose").textContent;
  [...reply.querySelectorAll("button")].find((button) => button.textContent === "Withdraw").click();
  await until("the withdrawal", () => texts(".comment").includes("Withdrawn."));
}

async function searching() {
  const box = find("#q");
  box.focus();
  for (const letter of "lindq") {
    box.value += letter;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await sleep(40);
  }
  await appears("#hits mark");
  notes.hits = texts("#hits h2");
  notes.marks = texts("#hits mark");
  notes.typed = location.hash;
  notes.stays = document.activeElement === box;
  location.hash = `#/cites?${new URLSearchParams({ url: "http://m.ledger.example.com/2024/north-bank/?utm_source=x#top" })}`;
  await appears("#citations li");
  notes.citations = texts("#citations h2").length;
}

try {
  await frontPage();
  await article();
  await commenting();
  await searching();
} catch (error) {
  notes.failures.push(String(error));
}
const out = document.createElement("output");
out.id = "notes";
out.textContent = encodeURIComponent(JSON.stringify(notes));
document.body.append(out);
