// What the server is told: which heads are off, which sentence is read, which head was looked at.

import { Stage } from "./stage.js";

Object.assign(Stage.prototype, {
  toggle(layer, head) {
    this.switches.toggle(this.state.kind.sites[layer], head);
    this.report([{ layer, head }]);
  },

  allOn() {
    this.switches.off.clear();
    this.report();
  },

  // What is said of the picture elsewhere on the page follows as soon as the picture is on screen.
  report(changed = null) {
    const { kind, layer, head } = this.state;
    const message = { ...this.switches.message(), chosen: [kind.id, layer, head] };
    const tell = () => this.connected && this.send("heads_off", message);
    this.line.ask({ ...message, ...this.unread() }, { otherwise: tell, settle: tell });
    this.paint(changed);
  },

  // The picture of another sentence, when it is drawn; Streamlit's own answer to the field brings everything else.
  askSentence(text) {
    const { kind, layer, head } = this.state;
    this.typed = { text, since: this.arrivals.hosted };
    return this.line.ask({ ...this.switches.now(), chosen: [kind.id, layer, head], text }, { otherwise: () => {} });
  },

  // Further heads of the picture on screen.
  askWanted(wanted) {
    const otherwise = () => this.connected && this.send("wanted", wanted);
    this.line.ask({ ...this.switches.now(), wanted, ...this.unread() }, { otherwise, more: true });
  },

  // The sentence that was typed, until Streamlit has answered.
  unread() {
    return this.typed?.since === this.arrivals.hosted ? { text: this.typed.text } : {};
  },

  // The head that was chosen here, for the page that is gone to.
  tellLooked() {
    if (!this.picture?.mirror_url || !this.chosenHere.size) return;
    const looked = { scope: this.picture.scope, place: [this.state.kind.id, this.state.layer, this.state.head] };
    if (JSON.stringify(looked) !== this.told) this.send("looked", looked);
    this.told = JSON.stringify(looked);
  },
});
