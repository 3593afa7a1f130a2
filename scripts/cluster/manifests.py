"""Validates Kubernetes manifests against the custom resources that an operator defines: manifests.py OPERATOR MANIFEST…

The API server drops a field that the schema lacks, or refuses it: here it is an error, with its path. What the operator
does not define (a PersistentVolumeClaim) is read and named, not validated.
"""

import sys

import jsonschema
import yaml


def documents(path):
    try:
        with open(path, encoding="utf-8") as file:
            found = [document for document in yaml.safe_load_all(file) if document]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        sys.exit(f"check-kubernetes: {path}: {' '.join(str(error).split())}")
    for document in found:
        if not isinstance(document, dict):
            sys.exit(f"check-kubernetes: {path}: a resource is a mapping, found {type(document).__name__}")
    return found


def closed(schema):
    """The schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
    elif isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    return schema


def schemas(operator):
    """Each defined resource's schema by (apiVersion, kind)."""
    found = {}
    for definition in documents(operator):
        if definition.get("kind") != "CustomResourceDefinition":
            continue
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            # Metadata is Kubernetes' own.
            schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def main():
    operator, *manifests = sys.argv[1:]
    known = schemas(operator)
    if not known:
        sys.exit(f"check-kubernetes: {operator} defines no resources")
    mistakes = 0
    validated = 0
    for path in manifests:
        for document in documents(path):
            identity = f"{path}: {document.get('kind')} {document.get('metadata', {}).get('name')}"
            schema = known.get((document.get("apiVersion"), document.get("kind")))
            if schema is None:
                if any(kind == document.get("kind") for _, kind in known):
                    print(f"{identity}: {document.get('apiVersion')} is no version of the operator's")
                    mistakes += 1
                else:
                    print(f"{identity}: not the operator's, not validated")
                continue
            errors = sorted(jsonschema.Draft7Validator(schema).iter_errors(document), key=lambda error: error.json_path)
            for error in errors:
                print(f"{identity}: {error.json_path}: {error.message[:300]}")
            mistakes += len(errors)
            validated += 1
            if not errors:
                print(f"{identity}: valid by the operator's schema")
    if not validated and not mistakes:
        sys.exit("check-kubernetes: nothing to validate")
    sys.exit(1 if mistakes else 0)


main()
