import { streamlit } from "../../front/host.js";
import { Sheet } from "./sheet.js";

export default function byHand(component) {
  streamlit(component, "attnvizByHand", Sheet);
}
