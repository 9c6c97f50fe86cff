"""One JavaScript module made of many: Streamlit takes a component's script as one string, browsers get no build step.

The scripts are real ES modules, as they stand linted and tested by Node. `bundle` follows the imports of an entry and
writes every module once, as a function whose value is what it exports; names of one module are no names of another:

    const $front_numbers = (() => {
      function decimals(weight) { … }
      return { decimals };
    })();
    const $masks_main = (() => {
      const { decimals } = $front_numbers;
      …

What the modules may say is a part of the language, and anything else is refused by name rather than bundled wrongly:
named imports of a relative path, `export` before a function, class or const, and one default export, of the entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]  # modules are named after their place under it
FRONT = Path(__file__).parent

IMPORT = re.compile(r'^import\s+(?:\{([^{}]*)\}\s*from\s*)?"(\.{1,2}/[^"\n]+\.js)";[ \t]*$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*?|class|const) (\w+))", re.MULTILINE)
DEFAULT = re.compile(r"^export default (?=(?:async )?function(?: (\w+))?)", re.MULTILINE)
LEFT_OVER = re.compile(r"^\s*(?:import\b(?!\s*\()|export\b).*$|\bimport\s*\(.*$", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*$", re.MULTILINE | re.DOTALL)  # on lines of its own
BINDING = re.compile(r"(\w+)(?:\s+as\s+(\w+))?")


class BundleError(ValueError):
    """A script that cannot be bundled; the message names it and says why."""


@dataclass(frozen=True)
class Script:
    """One module: its text without import and export, what it takes from which file, what it gives."""

    path: Path
    body: str
    imports: tuple[tuple[Path, tuple[tuple[str, str], ...]], ...]  # file → (exported name, name here)
    exports: frozenset[str]
    default: str | None

    @property
    def name(self) -> str:
        """What its value is called in the bundle."""
        place = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else Path(self.path.name)
        return "$" + re.sub(r"\W+", "_", str(place.with_suffix("")).replace("/front/", "/"))


def read(path: Path) -> Script:
    """A script taken apart; raises BundleError for what a bundle cannot say."""
    if not path.is_file():
        raise BundleError(f"{path}: there is no such script")
    text = path.read_text(encoding="utf-8")
    imports = []
    for named, source in IMPORT.findall(text):
        pairs = []
        for part in filter(None, (piece.strip() for piece in named.split(","))):
            found = BINDING.fullmatch(part)
            if not found:
                raise BundleError(f"{path.name}: {part!r} is no name to import")
            pairs.append((found[1], found[2] or found[1]))
        imports.append(((path.parent / source).resolve(), tuple(pairs)))
    exports = EXPORT.findall(text)
    if twice := {name for name in exports if exports.count(name) > 1}:
        raise BundleError(f"{path.name} exports {sorted(twice)} twice")
    defaults = DEFAULT.findall(text)
    if len(defaults) > 1:
        raise BundleError(f"{path.name} has {len(defaults)} default exports")
    body = IMPORT.sub("", text)
    body = DEFAULT.sub("" if defaults and defaults[0] else "const main = ", EXPORT.sub("", body))
    if wrong := LEFT_OVER.search(_code(body)):
        raise BundleError(f"{path.name}: {wrong[0].strip()!r} is more than a bundle can say")
    default = (defaults[0] or "main") if defaults else None
    return Script(path, body, tuple(imports), frozenset(exports), default)


def _code(text: str) -> str:
    """The text without comments that take whole lines."""
    return re.sub(r"^\s*//.*$", "", COMMENT.sub("", text), flags=re.MULTILINE)


def scripts(entry: Path) -> list[Script]:
    """Every script that the entry needs, each after those it imports; raises BundleError for a circle."""
    done: dict[Path, Script] = {}
    under_way: list[Path] = []

    def visit(path: Path) -> None:
        if path in done:
            return
        if path in under_way:
            circle = [one.name for one in (*under_way[under_way.index(path) :], path)]
            raise BundleError(f"scripts import each other in a circle: {' → '.join(circle)}")
        under_way.append(path)
        script = read(path)
        for source, pairs in script.imports:
            visit(source)
            if missing := [name for name, _ in pairs if name not in done[source].exports]:
                raise BundleError(f"{path.name} imports {missing} from {source.name}, which does not export it")
        under_way.pop()
        done[path] = script

    visit(entry.resolve())
    return list(done.values())


@cache
def bundle(entry: Path) -> str:
    """The entry and all it imports as one module with the entry's default export; raises BundleError."""
    parts = scripts(entry)
    if len(names := {part.name for part in parts}) != len(parts):
        raise BundleError(f"{entry.name}: two scripts have one name among {sorted(names)}")
    if parts[-1].default is None:
        raise BundleError(f"{entry.name} has no default export")
    byname = {part.path: part.name for part in parts}
    return "\n".join([*(_wrapped(part, byname) for part in parts), f"export default {parts[-1].name}.default;", ""])


def _wrapped(part: Script, names: dict[Path, str]) -> str:
    lines = [f"const {part.name} = (() => {{"]
    for source, pairs in part.imports:
        if pairs:
            bound = ", ".join(name if name == here else f"{name}: {here}" for name, here in pairs)
            lines.append(f"const {{ {bound} }} = {names[source]};")
    lines += _shortened(part.body)
    given = [*sorted(part.exports), *([f"default: {part.default}"] if part.default else [])]
    return "\n".join([*lines, f"return {{ {', '.join(given)} }};", "})();"])


def _shortened(body: str) -> list[str]:
    """Its lines without indentation and comments. No text of ours goes over several lines (a test holds that)."""
    lines = (line.strip() for line in COMMENT.sub("", body).splitlines())
    return [line for line in lines if line and not line.startswith("//")]
