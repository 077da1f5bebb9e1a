"""Whether the kustomizations hold together, as far as can be told without kustomize: files are there, names that are
meant by others exist, and whoever ends has more time than its drain takes.

    python deploy/kustomization.py FOLDER…
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml


def documents(folder: Path) -> Iterator[dict]:
    """What a kustomization is made of, those beneath it included."""
    for name in yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]:
        if (folder / name).is_dir():
            yield from documents(folder / name)
        else:
            yield from yaml.safe_load_all((folder / name).read_text())


def generated(folder: Path) -> Iterator[tuple[str, str]]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator")):
        for entry in kustomization.get(key, []):
            yield kind, entry["name"]
    for name in kustomization["resources"]:
        if (folder / name).is_dir():
            yield from generated(folder / name)


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()  # type: ignore[union-attr]
    return int(number) * (60 if unit == "m" else 1)


def faults(folder: Path) -> Iterator[str]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    for key in ("configMapGenerator", "secretGenerator"):
        for entry in kustomization.get(key, []):
            for file in [*entry.get("envs", []), *(file.split("=")[-1] for file in entry.get("files", []))]:
                # Secrets are made by deploy/secrets, and are nowhere else.
                if not file.startswith("secrets/") and not (folder / file).is_file():
                    yield f"{folder}: there is no {file}"
    resources = list(documents(folder))
    names = {(resource["kind"], resource["metadata"]["name"]) for resource in resources}
    known = names | set(generated(folder)) | {("Secret", "teahouse-tls")}
    for patch in kustomization.get("patches", []):
        if (patch["target"]["kind"], patch["target"]["name"]) not in names:
            yield f"{folder}: a patch is for {patch['target']}, which is not there"
    labels = [r["spec"]["template"]["metadata"]["labels"] for r in resources if "template" in r.get("spec", {})]
    drain = seconds(re.search(r"GATEWAY_DRAIN_TIME=(\w+)", (folder.parent / "base/teahouse.env").read_text()).group(1))  # type: ignore[union-attr]
    is_whole = bool(kustomization.get("secretGenerator"))
    for resource in resources:
        name = f"{resource['kind']}/{resource['metadata']['name']}"
        spec = resource["spec"]
        if resource["kind"] in ("Service", "PodDisruptionBudget"):
            selector = spec["selector"].get("matchLabels", spec["selector"])
            if not any(selector.items() <= each.items() for each in labels):
                yield f"{name} selects nobody"
        if "template" not in spec:
            continue
        pod = spec["template"]["spec"]
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            for source in container.get("envFrom", []):
                for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                    if is_whole and key in source and (kind, source[key]["name"]) not in known:
                        yield f"{name}: there is no {kind} {source[key]['name']}"
            stop = container.get("lifecycle", {}).get("preStop")
            if stop:
                needed = int(stop["exec"]["command"][1]) + (drain + 5 if container["name"] == "gateway" else 10)
                if pod["terminationGracePeriodSeconds"] <= needed:
                    yield f"{name} needs {needed} s to end"
            if container["securityContext"]["readOnlyRootFilesystem"] is not True:
                yield f"{name} may write to its image"


if __name__ == "__main__":
    found = [fault for folder in sys.argv[1:] for fault in faults(Path(folder))]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
