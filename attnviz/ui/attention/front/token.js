// The output token that the numbers under the heads are about: chosen here, or in the panel of predictions.

import { element } from "../../front/dom.js";
import { fill } from "../../front/labels.js";
import { hearToken, tellToken } from "../../front/token_choice.js";
import { Stage } from "./stage.js";
import { ranked } from "./worth.js";

const FEW = 16; // heads that one sees at a glance
const SORTS = ["delta_loss", "previous", "induction", "first", "same", "entropy", "mean_distance"];

Object.assign(Stage.prototype, {
  hearTokens() {
    hearToken(() => this.connected, "stage", (row) => this.setToken(row, true));
  },

  tellToken(row) {
    if (this.state.kind.id === "encoder_self") return;
    this.setToken(row, false);
    tellToken("stage", row);
  },

  // With a new picture: the token that it begins with, unless somebody has chosen one of the same sentence.
  takeToken(row, kept) {
    const { state } = this;
    if (!kept || state.token === undefined) Object.assign(state, { token: row ?? null, lastToken: row ?? null });
    if (state.sorted === undefined) state.sorted = false;
  },

  setToken(row, light) {
    const { state } = this;
    if (!state || row === null || !state.kind.worth || !state.kind.worth.knows(row)) return;
    Object.assign(state, { token: row, lastToken: row });
    if (light && state.kind.id !== "encoder_self") {
      this.pinned = { row, column: state.kind.isSelf ? row : null, lead: "row", label: true };
    }
    if (state.sorted) this.layout();
    else this.paint();
  },

  setWorth(of) {
    const { state } = this;
    state.token = of === "token" ? state.lastToken : null;
    if (state.sorted) this.layout();
    else this.paint();
  },

  setSorted(sorted) {
    this.state.sorted = sorted;
    this.layout();
  },

  // Which head stands at which place; null while each stands at its own.
  order() {
    const { kind, token, sorted } = this.state;
    if (!sorted) return null;
    const by = this.sortBy();
    const values = [];
    for (let layer = 0; layer < kind.layers; layer++) {
      for (let head = 0; head < kind.heads; head++) {
        const known = by === "delta_loss" && token !== null && kind.worth && kind.worth.knows(token);
        values.push(known ? kind.worth.change(token, layer, head) : (kind.statistic(by, layer, head) ?? NaN));
      }
    }
    return ranked(values);
  },

  // What heads are sorted by: what was chosen, where this kind of attention has it.
  sortBy() {
    const { kind, sortedBy } = this.state;
    const options = SORTS.filter((name) => kind.stats[name]);
    return options.includes(sortedBy) ? sortedBy : options[0];
  },

  setSortBy(name) {
    Object.assign(this.state, { sortedBy: name, sorted: true });
    this.layout();
  },

  // To the head that the chosen token needs most, of whatever kind of attention.
  findNeeded() {
    const { token } = this.state;
    let best = null;
    for (const kind of this.picture.kinds) {
      if (!kind.worth || !kind.worth.knows(token)) continue;
      const most = kind.worth.most(token);
      if (!best || most.value > best.value) best = { kind: kind.id, ...most };
    }
    if (!best) return;
    this.setKind(best.kind);
    this.choose(best.layer, best.head);
    this.setToken(token, true);
  },

  writeToken() {
    const { refs, state, picture } = this;
    const { kind } = state;
    const worth = kind.worth && kind.worth.knows(state.lastToken) ? kind.worth : null;
    const sorts = SORTS.filter((name) => kind.stats[name]);
    const many = kind.layers * kind.heads > FEW;
    refs.worthRow.hidden = !kind.stats.delta_loss && !(many && sorts.length);
    refs.sortBy.hidden = !many;
    refs.sort.hidden = !sorts.length;
    writeOptions(refs.sortBy, sorts, this.sortBy(), picture.text);
    refs.gridHint.hidden = !refs.worthRow.hidden;
    refs.worth.group.hidden = !worth;
    refs.needed.hidden = !worth || state.token === null;
    refs.worth.press(state.token === null ? "sentence" : "token");
    refs.sort.setAttribute("aria-pressed", String(state.sorted));
    const decoder = picture.kinds.find(({ nextLabels }) => nextLabels.length);
    const name = worth && decoder ? decoder.nextLabels[state.lastToken] : "";
    refs.worth.buttons.get("token").textContent = fill(picture.text.worth_token, { token: name });
  },
});

function writeOptions(select, names, chosen, text) {
  const written = names.join();
  if (select.dataset.names !== written || select.title !== text.sort_by) {
    select.replaceChildren(...names.map((name) => element("option", { value: name, text: text[name] })));
    Object.assign(select.dataset, { names: written });
    select.title = text.sort_by;
    select.setAttribute("aria-label", text.sort_by);
  }
  select.value = chosen;
}
