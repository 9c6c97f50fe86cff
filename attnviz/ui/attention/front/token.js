// The output token that the numbers under the heads are about: chosen here, or in the panel of predictions.

import { fill } from "../../front/labels.js";
import { hearToken, tellToken } from "../../front/token_choice.js";
import { Stage } from "./stage.js";
import { ranked } from "./worth.js";

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
    const values = [];
    for (let layer = 0; layer < kind.layers; layer++) {
      for (let head = 0; head < kind.heads; head++) {
        const known = token !== null && kind.worth && kind.worth.knows(token);
        values.push(known ? kind.worth.change(token, layer, head) : (kind.statistic("delta_loss", layer, head) ?? NaN));
      }
    }
    return ranked(values);
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
    refs.worthRow.hidden = !kind.stats.delta_loss;
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
