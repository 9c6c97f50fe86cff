import { streamlitWords } from "../../../front/host.js";
import { hearToken, tellToken } from "../../../front/token_choice.js";
import { fill } from "../../../front/labels.js";
import { lossChange, lossText, probabilityText } from "../../../front/numbers.js";

// Everything from outside is set as textContent, never as HTML.
const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");

function element(kind, name, text) {
  const made = document.createElement(kind);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawLoss(where, panel, text) {
  where.replaceChildren();
  if (panel.loss === null) return;
  where.append(element("span", "", text.loss + " "));
  if (panel.loss_before === null) {
    where.append(element("b", "", lossText(panel.loss)));
  } else {
    const moved = panel.loss - panel.loss_before;
    where.append(element("span", "was", lossText(panel.loss_before) + " → "), element("b", "", lossText(panel.loss)));
    where.append(element("span", moved < 0 ? "better" : "worse", "  Δ " + lossChange(moved)));
  }
  where.append(element("small", "", text.nats));
}

function drawFree(where, panel, text) {
  where.replaceChildren();
  if (panel.output === null) return;
  where.append(element("span", "name", text.runs_freely));
  where.append(element("span", "said", panel.output || text.nothing));
  if (panel.output_equals !== null) {
    const yes = panel.output_equals;
    where.append(element("span", "verdict " + (yes ? "yes" : "no"), yes ? "✓ " + text.equals : "✗ " + text.differs));
  }
  if (panel.endless) where.append(element("span", "verdict no", "… " + text.endless));
  if (panel.output_before !== null && panel.output_before !== panel.output) {
    where.append(element("span", "old", fill(text.was, { token: panel.output_before })));
  }
  where.title = where.textContent;
}

function tokenButton(step, text) {
  const button = element("button", "token");
  button.type = "button";
  button.setAttribute("role", "option");
  button.append(element("span", "read", visible(step.read)), element("span", "said", visible(step.said)));
  button.classList.toggle("unknown", step.read_unknown);
  button.classList.toggle("changed", step.before !== null);
  if (step.right !== null) {
    button.classList.add(step.right ? "right" : "wrong");
    if (!step.right) {
      button.append(element("span", "note", fill(text.should, { token: visible(step.target) })));
    } else if (step.before !== null) {
      button.append(element("span", "note", fill(text.was, { token: visible(step.before) })));
    }
    button.append(element("span", "mark", step.right ? "✓" : "✗"));
  }
  const notes = [step.read + " → " + step.said];
  if (step.right === false) notes.push(fill(text.should, { token: step.target }));
  if (step.before !== null) notes.push(fill(text.was, { token: step.before }));
  if (step.read_unknown) notes.push(text.unknown);
  button.title = notes.join(" · ");
  return button;
}

function drawTop(root, step, text, compared, title) {
  root.querySelector(".top h2").textContent = fill(title, { token: visible(step.read) });
  const key = root.querySelector(".key");
  key.replaceChildren();
  if (compared) key.append(element("i", "before"), text.before, element("i", "now"), text.now);
  const list = root.querySelector("ol");
  list.replaceChildren(
    ...step.candidates.map((candidate) => {
      const row = element("li", candidate.is_target ? "target" : "");
      const bar = element("div", compared ? "bar two" : "bar");
      for (const [name, p] of [["before", candidate.before], ["now", candidate.now]]) {
        if (p === null) continue;
        const one = element("i", name);
        one.style.width = `${Math.max(0, Math.min(1, p)) * 100}%`;
        bar.append(one);
      }
      const number = element("span", "number", probabilityText(candidate.now));
      if (candidate.before !== null) number.append(element("small", "", " ← " + probabilityText(candidate.before)));
      const name = element("span", "name", visible(candidate.token));
      name.title = candidate.token + (candidate.is_target ? " · " + text.reference_mark : "");
      if (candidate.is_target) name.textContent = "✓ " + name.textContent;
      row.append(name, bar, number);
      return row;
    }),
  );
}

// At first: where the outcome is most in doubt, a wrong token before a right one.
function mostTelling(steps) {
  let best = 0;
  let doubt = -1;
  steps.forEach((step, i) => {
    const here = (step.right === false ? 2 : 0) + (step.before !== null ? 1 : 0) + 1 - (step.candidates[0]?.now ?? 1);
    if (here > doubt) [best, doubt] = [i, here];
  });
  return best;
}

export function showPrediction({ panel, text }, { element: parentElement }) {
  const root = parentElement.querySelector(".panel");
  const tokens = root.querySelector(".tokens");
  const compared = panel.loss_before !== null;
  const right = panel.steps.filter((step) => step.right === true).length;
  const scored = panel.steps.filter((step) => step.right !== null).length;

  root.querySelector(".steps h2").textContent = text.heading;
  const how = [text["fed_" + (panel.fed === "own" && compared ? "own_intact" : panel.fed)]];
  if (panel.fed !== "text" && panel.fed !== "hidden") how.push(text["reference_" + panel.reference]);
  if (scored) how.unshift(fill(text.right_of, { right, scored }));
  root.querySelector(".how").textContent = how.join(" · ");
  root.querySelector(".how").title = how.join(" · ");
  drawLoss(root.querySelector(".loss"), panel, text);
  drawFree(root.querySelector(".free"), panel, text);
  tokens.setAttribute("aria-label", text.tokens);

  // The choice outlives new data as long as the sentence is the same.
  const sentence = JSON.stringify(panel.steps.map((step) => step.read));
  if (root.sentence !== sentence) {
    root.sentence = sentence;
    root.chosen = panel.chosen ?? mostTelling(panel.steps);
    root.byHand = false;
  } else if (!root.byHand) {
    root.chosen = panel.chosen ?? mostTelling(panel.steps);
  }

  const buttons = panel.steps.map((step) => tokenButton(step, text));
  function choose(i, focus) {
    root.chosen = Math.max(0, Math.min(buttons.length - 1, i));
    buttons.forEach((button, j) => {
      button.setAttribute("aria-selected", String(j === root.chosen));
      button.tabIndex = j === root.chosen ? 0 : -1;
    });
    if (focus) buttons[root.chosen].focus({ preventScroll: true });
    bring(buttons[root.chosen]);
    drawTop(root, panel.steps[root.chosen], text, compared, panel.fed === "hidden" ? text.top_at : text.top);
  }
  // Scrolls the list and nothing else.
  function bring(button) {
    const top = button.offsetTop - tokens.offsetTop;
    if (top - 8 < tokens.scrollTop) tokens.scrollTop = top - 8;
    else if (top + button.offsetHeight > tokens.scrollTop + tokens.clientHeight) {
      tokens.scrollTop = top + button.offsetHeight - tokens.clientHeight + 4;
    }
  }
  buttons.forEach((button, i) => {
    button.onclick = () => {
      root.byHand = true;
      choose(i, false);
      tellToken("panel", i);
    };
  });
  const scrolled = tokens.scrollTop;
  const hadFocus = tokens.contains(root.getRootNode().activeElement);
  tokens.classList.remove("many");
  tokens.replaceChildren(...buttons);
  tokens.classList.toggle("many", tokens.scrollHeight > tokens.clientHeight + 1);
  tokens.scrollTop = root.byHand ? scrolled : 0;
  tokens.onkeydown = (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e6, End: 1e6 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    root.byHand = true;
    choose(root.chosen + steps[event.key], true);
    tellToken("panel", root.chosen);
  };
  choose(root.chosen, hadFocus);
  // A token that is chosen in the stage is chosen here too; the panel is made once and filled again and again.
  root.take = (row) => {
    root.byHand = true;
    choose(row, false);
  };
  if (!root.hears) {
    root.hears = true;
    hearToken(() => root.isConnected, "panel", (row) => root.take(row));
  }
}

export default function (component) {
  streamlitWords(component, showPrediction);
}
