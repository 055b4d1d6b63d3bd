"""Which module imports which: no circles, and no package imports from its own layer or a higher one."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import featdisc_assets

PACKAGE = Path(featdisc_assets.__file__).parent

# From the bottom up. A package imports only from lower layers; a new one must be put into one of these.
LAYERS = (
    {"errors", "transcript", "statistics", "clusterers"},
    {"home", "formats", "report"},
    {"stages", "warehouse"},
    {"surface"},
    {"llm"},
    {"encoders"},
    {"asking", "training"},
    {"graph", "tables"},
    {"assets", "checks"},
    {"definitions"},
    {"commands"},
)

Arrows = dict[str, set[str]]


def sources() -> dict[str, ast.Module]:
    """The syntax tree of every module, by its name without `featdisc_assets.`; a package has the name of its folder."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module) -> set[str]:
    """The full names that a module imports anywhere, also in functions: `a.b` and `a.b.c` of `from a.b import c`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def arrows(trees: dict[str, ast.Module]) -> Arrows:
    """For every module the modules that it imports."""
    found: Arrows = {}
    for module, tree in trees.items():
        names = {name.partition(".")[2] for name in imports(tree) if name.split(".")[0] == featdisc_assets.__name__}
        targets = {name if name in trees else name.rpartition(".")[0] for name in names}
        found[module] = (targets & trees.keys()) - {module}
    return found


def between_packages(modules: Arrows) -> Arrows:
    """For every top-level package or module those that it imports."""
    found: Arrows = {}
    for module, targets in modules.items():
        package = module.partition(".")[0]
        found.setdefault(package, set()).update({target.partition(".")[0] for target in targets} - {package})
    return found


def circle(graph: Arrows) -> str:
    """One circle, `a -> b -> a`; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # Predecessors come first in the list: what is imported before what imports it.
        return " -> ".join(reversed(error.args[1]))
    return ""


MODULES = arrows(sources())


def test_circles_are_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}) in (
        "b -> c -> d -> b",
        "c -> d -> b -> c",
        "d -> b -> c -> d",
    )
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == ""
    trees = {"": "", "a": "def f():\n    from featdisc_assets.b import x", "b": "import featdisc_assets.a, os"}
    found = arrows({name: ast.parse(text) for name, text in trees.items()})
    assert (found["a"], found["b"]) == ({"b"}, {"a"})


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(MODULES) == ""


def test_no_packages_import_each_other_in_a_circle() -> None:
    assert circle(between_packages(MODULES)) == ""


def test_packages_import_only_from_lower_layers() -> None:
    level = {name: i for i, names in enumerate(LAYERS) for name in names}
    packages = between_packages(MODULES)
    del packages[""]
    assert packages.keys() == level.keys(), "every package has a layer, and every layer only packages that exist"
    upward = [f"{one} -> {other}" for one, others in packages.items() for other in others if level[other] >= level[one]]
    assert upward == []


def test_modules_outside_packages_are_few() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def test_every_module_of_assets_defines_an_asset() -> None:
    for name, tree in sources().items():
        if name.startswith("assets."):
            decorators = [
                ast.unparse(decorator)
                for node in tree.body
                if isinstance(node, ast.FunctionDef)
                for decorator in node.decorator_list
            ]
            kinds = ("dg.asset(", "dg.multi_asset(", "dg.observable_source_asset(")
            assert any(decorator.startswith(kinds) for decorator in decorators), f"{name} defines no asset"


def test_the_command_line_starts_without_dagster_and_litellm() -> None:
    """What `featdisc --help` imports: seconds of imports belong into the commands that need them."""
    reached, todo = set(), ["commands.cli"]
    trees = sources()
    while todo:
        name = todo.pop()
        # Only imports at the top of a module run when it is imported.
        tree = ast.Module([node for node in trees[name].body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        heavy = {module.partition(".")[0] for module in imports(tree)} & {"dagster", "litellm", "pyarrow", "numpy"}
        assert not heavy, f"{name} imports {heavy}"
        reached.add(name)
        todo += arrows({**trees, name: tree})[name] - reached - set(todo)
