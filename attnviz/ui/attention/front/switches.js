// Which heads are off. Every message holds the whole list and a number, so none is lost; until the server has answered
// the last one, the browser's own list counts.

export class Switches {
  constructor() {
    this.off = new Set();
    this.seq = 0;
    this.scope = null;
    this.pending = false;
  }

  static key(site, head) {
    return `${head}@${site}`;
  }

  // What a new picture says about them; true when anything on screen changes.
  receive(picture) {
    const before = [...this.off].sort().join();
    const other = this.scope !== picture.scope;
    this.scope = picture.scope;
    if (other || picture.seq >= this.seq) {
      this.off = new Set(picture.heads_off.map(([site, head]) => Switches.key(site, head)));
      this.pending = false;
    }
    this.seq = Math.max(this.seq, picture.seq);
    return before !== [...this.off].sort().join();
  }

  isOff(site, head) {
    return this.off.has(Switches.key(site, head));
  }

  toggle(site, head) {
    const key = Switches.key(site, head);
    if (!this.off.delete(key)) this.off.add(key);
  }

  // The next message to the server.
  message() {
    this.seq += 1;
    this.pending = true;
    return this.now();
  }

  // What the last message said.
  now() {
    const heads = [...this.off].sort().map((key) => {
      const at = key.indexOf("@");
      return [key.slice(at + 1), Number(key.slice(0, at))];
    });
    return { seq: this.seq, scope: this.scope, heads };
  }
}
