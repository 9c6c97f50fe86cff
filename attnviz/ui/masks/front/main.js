import { streamlit } from "../../front/host.js";
import { Lab } from "./lab.js";

export default function maskLab(component) {
  streamlit(component, "attnvizLab", Lab);
}
