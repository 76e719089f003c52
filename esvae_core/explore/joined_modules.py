"""ES modules joined to one script, without a build step: what the explorer serves, and a page in one file holds.

Each module becomes a function that runs when it is first needed and returns what the module exports; imports become
constants taken from these. The front end's own style is all that is understood: statements at the start of a line,
names that are exported where they are declared and never assigned to again, no circle of imports, no line of a text
that begins like a comment. Comments that have their lines to themselves, a quarter of what would be sent, are left
out. `import()` of a template that begins with a relative path finds any module that is in the script.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from esvae_core.errors import InputError

_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.S | re.M)
WHOLE_LINES = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n", re.S | re.M)
"""Comments that have their lines to themselves."""

_IMPORT = re.compile(r'^import\s+(?:(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+)?(["\'])(\.{1,2}/[^"\']+)\2;?', re.M)
_EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:const|class|function\*?)\s+(\w+|[\[{][\w\s,]+[\]}]))", re.M)
_EXPORT_LIST = re.compile(r"^export\s*\{([^}]*)\};?(?!\s*from)", re.M)
_LAZY = re.compile(r"\bimport\(\s*`(\.{1,2}/[^`$]*)")
_LEFT = re.compile(r"""^(?:import|export)\b[^\n]*["']\.|^export\b[^\n]*|\bimport\(\s*["'`]\.[^\n]*""", re.M)
_ADDRESS = "import.meta.url"

_RUNTIME = """\
const $made = {};
const $need = (name) => ($made[name] ??= $modules[name]());
const $bring = async (name) => {
  if (!Object.hasOwn($modules, name)) throw new Error(`${name}: there is no such module`);
  return $need(name);
};
"""


def joined(entry: str, files: Mapping[str, str], more: Iterable[str] = ()) -> str:
    """One module with the exports of `entry`, made of it and all that it imports.

    Args:
        entry: Name of a module, relative to the front end's folder, as all names are.
        files: Texts of all modules by name.
        more: Modules that `import()` is to find; they run when they are asked for.

    Raises:
        InputError: one imports what is not there or itself in a circle, or is written as is not understood here.
    """
    parts: dict[str, str] = {}
    exports = _join(entry, files, parts)
    for name in more:
        if name not in parts:
            _join(name, files, parts)
    table = "\n".join(f'"{name}"() {{\n{text}\n}},' for name, text in parts.items())
    names = f"export const {{ {', '.join(exports)} }} = " if exports else ""
    return f'{_RUNTIME}const $modules = {{\n{table}\n}};\n{names}$need("{entry}");\n'


def _join(name: str, files: Mapping[str, str], parts: dict[str, str], within: tuple[str, ...] = ()) -> list[str]:
    """Add a module and what it imports to the parts; the names that it exports."""
    if name in within:
        raise InputError(f"{name}: imports itself in a circle, {' -> '.join((*within, name))}")
    if name not in files:
        raise InputError(f"{within[-1] if within else 'front end'}: imports {name}, which is not there")
    text, exports, wanted = _function(name, files[name])
    for other in wanted:
        if other not in parts:
            _join(other, files, parts, (*within, name))
    parts[name] = text
    return exports


def _function(name: str, source: str) -> tuple[str, list[str], list[str]]:
    """A module as the body of a function, the names it exports, and the modules it imports."""
    folder, wanted, exports = posixpath.dirname(name), [], []

    def place(relative: str) -> str:
        return posixpath.normpath(posixpath.join(folder, relative)) + ("/" if relative.endswith("/") else "")

    def taken(match: re.Match[str]) -> str:
        names, _, relative = match.groups()
        wanted.append(place(relative))
        held = f"const {_pattern(names)} = " if names else ""
        return f'{held}$need("{wanted[-1]}");'

    def declared(match: re.Match[str]) -> str:
        exports.extend(re.findall(r"\w+", match[1]))
        return ""

    def listed(match: re.Match[str]) -> str:
        exports.extend(each.strip() for each in match[1].split(",") if each.strip())
        return ""

    text = _EXPORT_LIST.sub(listed, _EXPORT.sub(declared, _IMPORT.sub(taken, WHOLE_LINES.sub("", source))))
    text = _LAZY.sub(lambda match: f"$bring(`{place(match[1])}", text)
    if left := _LEFT.search(_COMMENT.sub("", text)):
        raise InputError(f"{name}: cannot be joined: {left[0][:100]!r}")
    if any(" " in each for each in exports):
        raise InputError(f"{name}: cannot be joined: it exports under another name")
    text = text.replace(_ADDRESS, f'new URL("{name}", {_ADDRESS}).href')
    return f"{text}\nreturn {{ {', '.join(exports)} }};", exports, wanted


def _pattern(names: str) -> str:
    """`{ a, b as c }` or `* as d` of an import as what is left of the equals sign."""
    return names.split()[-1] if names[0] == "*" else re.sub(r"(\w+)\s+as\s+(\w+)", r"\1: \2", names)
