import { FieldStage } from "../../fields/front/stage.js";
import { streamlit } from "../../front/host.js";
import { GraphBoard } from "./board.js";

class GraphsStage extends FieldStage {
  constructor(element) {
    super(element, GraphBoard);
  }
}

export default function graphsStage(component) {
  streamlit(component, "attnvizGraphs", GraphsStage);
}
