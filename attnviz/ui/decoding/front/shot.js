// One answer of the server: the header's values, its arrays, and what the views ask of them.

import { Payload } from "../../front/payload.js";

export class Shot extends Payload {
  // One row of a site's weights; head null is the mean of all heads.
  row(site, head, index) {
    const [heads, rows, width] = this.shape(site);
    const numbers = this.array(site);
    const of = (h) => numbers.subarray((h * rows + index) * width, (h * rows + index + 1) * width);
    if (head !== null) return of(Math.min(head, heads - 1));
    const mean = new Float32Array(width);
    for (let h = 0; h < heads; h++) of(h).forEach((w, k) => (mean[k] += w / heads));
    return mean;
  }

  kindOf(site) {
    return this.model.sites.find((one) => one.site === site)?.kind;
  }

  // What is open at first: the last cross-attention, else the last self-attention of the decoder.
  firstSite() {
    const of = (kind) => this.model.sites.filter((one) => one.kind === kind).map((one) => one.site);
    const sites = of("cross").length ? of("cross") : of("decoder_self");
    return sites[sites.length - 1];
  }
}
