// Makes the pages quicker to use; everything works without it. No framework, no request to anyone else.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const $ = (selector, from = document) => from.querySelector(selector);
  const live = $("#live");
  const say = (text) => { if (live) { live.textContent = ""; setTimeout(() => { live.textContent = text; }, 50); } };

  // Addresses that a person is to copy are shown whole.
  const complete = (from) => from.querySelectorAll("[data-absolute]").forEach((node) => {
    node.textContent = new URL(node.textContent.trim(), location.href).href;
  });
  complete(document);

  const copyText = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "vh";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button, a");
    if (!button) return;
    if (button.dataset.copy) {
      const source = document.getElementById(button.dataset.copy);
      await copyText(source.textContent.trim());
      const before = button.dataset.label || button.textContent;
      const done = button.dataset.copied || document.querySelector("[data-copied]")?.dataset.copied || "✓";
      button.dataset.label = before;
      button.textContent = done;
      say(done);
      setTimeout(() => { button.textContent = before; }, 1800);
    } else if ("print" in button.dataset) {
      window.print();
    } else if (button.dataset.setTheme && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      root.dataset.theme = button.dataset.setTheme;
      fetch(button.href, { redirect: "manual" });
      for (const other of document.querySelectorAll("[data-set-theme]")) other.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
    } else if (button.dataset.ask && form && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      ask(button.dataset.ask);
    }
  });

  // A verdict is sent without leaving the page.
  document.addEventListener("submit", async (event) => {
    const judge = event.target.closest("[data-feedback]");
    if (!judge) return;
    event.preventDefault();
    const data = new URLSearchParams(new FormData(judge, event.submitter));
    try {
      const reply = await fetch(judge.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (!reply.ok) throw new Error(String(reply.status));
      const thanks = document.createElement("p");
      thanks.textContent = judge.dataset.thanks;
      thanks.tabIndex = -1;
      judge.replaceChildren(thanks);
      thanks.focus();
      say(judge.dataset.thanks);
    } catch {
      HTMLFormElement.prototype.submit.call(judge);
    }
  });

  const form = $("[data-composer]");
  if (!form) return;
  const field = $("textarea", form);
  const talk = $("#conversation");
  let history = [...form.querySelectorAll("input[name=h]")].map((input) => input.value);
  let last = history[history.length - 1] || "";
  let turns = talk.querySelectorAll(".turn").length;
  let pending = null;

  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 176)}px`;
  };
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "ArrowUp" && field.value === "" && last) {
      event.preventDefault();
      field.value = last;
      field.setSelectionRange(last.length, last.length);
      grow();
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (question) ask(question);
  });

  const address = (question) => {
    const query = new URLSearchParams();
    query.append("q", question);
    for (const earlier of history) query.append("h", earlier);
    for (const input of form.querySelectorAll("input[type=hidden]:not([name=h])")) query.append(input.name, input.value);
    return query;
  };

  const showWaiting = (question) => {
    const box = document.createElement("div");
    box.className = "waiting";
    box.innerHTML = '<p class="asked"></p><p class="stage"></p>';
    box.children[0].textContent = question;
    const stage = box.children[1];
    stage.textContent = form.dataset.sending;
    const later = [[700, form.dataset.deciding], [4000, form.dataset.waiting]]
      .map(([ms, text]) => setTimeout(() => { stage.textContent = text; say(text); }, ms));
    return { box, stop: () => later.forEach(clearTimeout) };
  };

  async function ask(question) {
    pending?.abort();
    const mine = pending = new AbortController();
    const query = address(question);
    const shown = `/?${query}`;
    query.append("fragment", "1");
    query.append("n", String(turns + 1));
    const waiting = showWaiting(question);
    talk.hidden = false;
    talk.append(waiting.box);
    waiting.box.scrollIntoView({ block: "start" });
    say(form.dataset.sending);
    try {
      const reply = await fetch(`/?${query}`, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (reply.status === 429) throw new Error(form.dataset.busy);
      if (!reply.ok && reply.status !== 400) throw new Error(form.dataset.failed);
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const turn = page.querySelector(".turn");
      if (!turn) throw new Error(form.dataset.failed);
      waiting.stop();
      waiting.box.replaceWith(turn);
      complete(turn);
      if (reply.ok) {
        turns += 1;
        last = question;
        history = [...history, question].slice(-20);
        window.history.pushState({}, "", shown);
        document.title = `${question} – RCM Answers`;
        field.value = "";
        grow();
        settle();
        const heading = turn.querySelector(".asked");
        heading.focus({ preventScroll: true });
        turn.scrollIntoView({ block: "start" });
        say([turn.querySelector("[data-verdict]").textContent, turn.querySelector(".quote blockquote")?.textContent || ""].join(". "));
      }
    } catch (error) {
      waiting.stop();
      if (error.name === "AbortError") { waiting.box.remove(); return; }
      const note = document.createElement("p");
      note.className = "notice bad";
      note.setAttribute("role", "alert");
      note.textContent = Object.values(form.dataset).includes(error.message) ? error.message : form.dataset.failed;
      waiting.box.replaceWith(note);
      field.value = question;
      field.focus();
    }
  }

  // The first question turns the welcome page into a conversation.
  const settle = () => {
    if (!document.body.classList.contains("welcome")) return;
    document.body.classList.replace("welcome", "talk");
    $(".intro")?.remove();
    const hero = $(".hero");
    const dock = document.createElement("div");
    dock.className = "dock";
    talk.after(dock);
    dock.append(form);
    hero.remove();
  };
  window.addEventListener("popstate", () => location.reload());
  if (document.body.classList.contains("welcome") && matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
})();
