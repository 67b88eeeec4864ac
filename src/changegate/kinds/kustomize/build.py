"""A build: the objects that a kustomization stands for.

The order is Kustomize's: resources, components, generators; then patches, namespace, names, labels,
annotations, JSON patches of the old form, replicas and images.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from changegate import limits
from changegate.errors import InputProblem
from changegate.kinds.kubernetes.rendering import rendered
from changegate.kinds.kustomize import jsonpatch, merge, target, transform
from changegate.kinds.kustomize.instructions import KUSTOMIZATION, PATCH, Instructions
from changegate.kinds.kustomize.node import Node, Opaque
from changegate.kinds.kustomize.object import Object
from changegate.model.document import Document, Route
from changegate.model.subject import Index, Origin, Subject, Unknown
from changegate.syntax import read_file


class Files:
    """What one side has: kustomizations by folder, objects and JSON patches by path."""

    def __init__(self, index: Index, manifests: Iterable[Subject]) -> None:
        self.kustomizations: dict[str, list[Instructions]] = defaultdict(list)
        self.manifests: dict[str, list[Subject]] = defaultdict(list)
        self.patches: dict[str, list[Document]] = defaultdict(list)
        for subject in index.of(KUSTOMIZATION):
            read = Instructions.of(subject)
            self.kustomizations[read.folder].append(read)
        for subject in manifests:
            self.manifests[subject.path].append(subject)
        for subject in index.of(PATCH):
            self.patches[subject.path].append(subject.origins[""][0].document)

    def instructions(self, folder: str) -> Instructions:
        """Raises `Opaque` when a folder has none or several, or one that is not followed."""
        found = self.kustomizations.get(folder, [])
        if len(found) != 1:
            raise Opaque(f"{folder or 'the root'} has {len(found)} kustomization files")
        found[0].refuse()
        return found[0]


class Build:
    """The build of one folder. `objects` raises `Opaque` where it cannot be followed.

    `manifests`, `patched` and `read`: paths of the objects, of the patches, and of the instructions that
    were gone through, as far as the build came.
    """

    def __init__(self, files: Files, folder: str) -> None:
        self.manifests: set[str] = set()
        self.patched: set[str] = set()
        self.read: set[str] = set()
        self._files = files
        self._folder = folder
        self._visits = 0

    def objects(self) -> list[Object]:
        found = self._kustomize(self._folder, [], ())
        transform.mend_references(found)
        return found

    def _kustomize(self, folder: str, given: list[Object], above: tuple[str, ...]) -> list[Object]:
        """The objects of a folder, after those that are `given` to a component."""
        self._visits += 1
        if folder in above:
            raise Opaque(f"{folder or 'the root'} leads back to itself")
        if len(above) >= limits.BUILD_DEPTH or self._visits > limits.BUILD_STEPS:
            raise Opaque(
                f"the build takes more than {limits.BUILD_DEPTH} levels or {limits.BUILD_STEPS} steps"
            )
        here = self._files.instructions(folder)
        self.read.add(here.path)
        try:
            return self._apply(here, given, (*above, folder))
        except Opaque as found:
            found.path = found.path or here.path
            raise

    def _apply(self, here: Instructions, given: list[Object], above: tuple[str, ...]) -> list[Object]:
        objects = list(given)
        for path in here.resources():
            if path in self._files.kustomizations:
                objects += self._kustomize(path, [], above)
            else:
                objects += self._resource(path)
        for path in here.components():
            objects = self._kustomize(path, objects, above)
        objects += self._generated(here, objects)
        for patch in self._patches(here, old=False):
            objects = patch.apply(objects)
        _transform(here, objects)
        for patch in self._patches(here, old=True):
            objects = patch.apply(objects)
        _count_and_name(here, objects)
        return objects

    def _resource(self, path: str) -> list[Object]:
        found = self._files.manifests.get(path)
        if not found:
            raise Opaque(f"{path} is missing, or holds no object that can be read")
        self.manifests.add(path)
        return [Object.of(subject) for subject in found]

    @staticmethod
    def _generated(here: Instructions, objects: list[Object]) -> Iterator[Object]:
        """Generated objects, by name: their content, and the hash behind the name, are left unknown."""
        for route, kind, entry in here.generated():
            name, namespace = entry.get("name"), entry.get("namespace")
            if not isinstance(name, str) or not name:
                raise Opaque("a generator has no name", here.path)
            if entry.get("behavior") in ("merge", "replace"):
                for item in objects:
                    if item.kind == kind and name in [known for known, _ in item.names]:
                        origin = here.origin(*route)
                        item.node.put(Unknown(f"{kind} {name}", "generated"), origin, "data")
                continue
            data: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
            if isinstance(namespace, str) and namespace:
                data["metadata"]["namespace"] = namespace
            data["data"] = Unknown(f"{kind} {name}", "generated")
            origin = here.origin(*route)
            made = Object(Node.of(data, origin, inline=True), origin)
            made.note_name()
            yield made

    def _patches(self, here: Instructions, *, old: bool) -> Iterator[_Patch]:
        """The patches in order; `old`: those of `patchesJson6902`, which come after the names."""
        if not old:
            for route, said in here.list("patchesStrategicMerge", str):
                yield from self._read(here, route, {"patch" if "\n" in said else "path": said}, ())
        for route, entry in here.list("patchesJson6902" if old else "patches"):
            yield from self._read(here, route, entry, ("patch",))

    def _read(
        self, here: Instructions, route: Route, entry: Mapping[str, Any], below: Route
    ) -> Iterator[_Patch]:
        goal, options = entry.get("target"), entry.get("options")
        if goal is not None and not isinstance(goal, dict):
            raise Opaque("the target of a patch is not a map", here.path)
        if options:
            raise Opaque("`options` of a patch are not followed", here.path)
        if entry.get("path"):
            path = here.local(entry["path"])
            nodes = self._patch_file(path)
            self.patched.add(path)
        else:
            nodes = _inline(here, (*route, *below), entry.get("patch"))
        for node in nodes:
            yield _Patch(node, goal)

    def _patch_file(self, path: str) -> list[Node]:
        nodes = [Object.of(subject).node for subject in self._files.manifests.get(path, [])]
        nodes += [Node.of(rendered(d), Origin(d)) for d in self._files.patches.get(path, [])]
        if not nodes:
            raise Opaque(f"the patch {path} is missing, or cannot be read")
        return nodes


class _Patch:
    """A patch, and the target that is written beside it, if any."""

    def __init__(self, node: Node, goal: dict[str, Any] | None) -> None:
        self._node = node
        self._goal = goal

    def apply(self, objects: list[Object]) -> list[Object]:
        if isinstance(self._node.value, list):
            if self._goal is None:
                raise Opaque("a JSON patch has no target")
            for item in target.selected(objects, self._goal):
                jsonpatch.apply(item.node, self._node)
                self._touch(item)
            return objects
        named = Object(self._node, self._node.origin)
        goal = self._goal
        meant = target.named(objects, named) if goal is None else target.selected(objects, goal)
        gone = [item for item in meant if not self._merged(item)]
        return [item for item in objects if item not in gone]

    def _merged(self, item: Object) -> bool:
        """Merges; who the object is does not change."""
        who = {k: item.node.value.get(k) for k in ("apiVersion", "kind")}
        metadata = item.node.get("metadata")
        name = metadata.get("name") if metadata is not None else None
        space = metadata.get("namespace") if metadata is not None else None
        stays = merge.merge(item.node, self._node)
        item.node.value.update({k: v for k, v in who.items() if v is not None})
        for key, node in (("name", name), ("namespace", space)):
            held = item.node.get("metadata")
            if held is not None and isinstance(held.value, dict):
                held.value.pop(key, None)
                held.value.update({key: node} if node is not None else {})
        self._touch(item)
        return stays

    def _touch(self, item: Object) -> None:
        if self._node.origin not in item.touched:
            item.touched.append(self._node.origin)
        item.note_name()


def _inline(here: Instructions, route: Route, text: object) -> list[Node]:
    """The patches in a text. Its parts all stand where the text stands."""
    if not isinstance(text, str) or not text.strip():
        raise Opaque("a patch is neither a text nor a path", here.path)
    try:
        file = read_file(here.path, text.encode("utf-8", "surrogatepass"))
    except InputProblem as problem:
        raise Opaque(f"a patch cannot be read: {problem.cause}", here.path) from problem
    nodes = []
    for document in file.documents:
        if not isinstance(document.value, (dict, list)):
            raise Opaque("a patch is neither an object nor a list", here.path)
        if isinstance(document.value, list) and not jsonpatch.is_json_patch(document.value):
            raise Opaque("a patch is a list of something else than operations", here.path)
        nodes.append(Node.of(rendered(document), here.origin(*route), inline=True))
    return nodes


def _transform(here: Instructions, objects: list[Object]) -> None:
    """Namespace, names, labels and annotations."""
    namespace, prefix, suffix = (here.text(key) for key in ("namespace", "namePrefix", "nameSuffix"))
    labels, annotations = here.map("commonLabels"), here.map("commonAnnotations")
    for item in objects:
        if namespace:
            transform.set_namespace(item, namespace, here.origin("namespace"))
        if prefix or suffix:
            origin = here.origin("namePrefix" if prefix else "nameSuffix")
            transform.set_name(item, prefix, suffix, origin)
        for route, entry in here.list("labels"):
            if entry.keys() - {"pairs", "includeSelectors", "includeTemplates"}:
                raise Opaque("`fields` of `labels` are not followed", here.path)
            transform.add_labels(
                item,
                here.texts(entry.get("pairs") or {}, "pairs"),
                here.origin(*route, "pairs"),
                selectors=entry.get("includeSelectors") is True,
                templates=entry.get("includeTemplates") is True,
            )
        if labels:
            origin = here.origin("commonLabels")
            transform.add_labels(item, labels, origin, selectors=True, templates=True)
        if annotations:
            transform.add_annotations(item, annotations, here.origin("commonAnnotations"))


def _count_and_name(here: Instructions, objects: list[Object]) -> None:
    """Replicas and images."""
    for route, entry in here.list("replicas"):
        name, count = entry.get("name"), entry.get("count")
        if not isinstance(name, str) or type(count) is not int:
            raise Opaque("an entry of `replicas` has no name or count", here.path)
        transform.set_replicas(objects, name, count, here.origin(*route, "count"))
    for route, entry in here.list("images"):
        if entry.keys() - {"name", "newName", "newTag", "digest"} or not isinstance(entry.get("name"), str):
            raise Opaque("an entry of `images` has another shape than Kustomize reads", here.path)
        for item in objects:
            transform.set_image(item, entry, here.origin(*route))
