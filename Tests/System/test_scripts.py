"""The scripts that look over migrations, metrics and Kubernetes find what they are for."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sql", [
    "DROP TABLE a.b;", "ALTER TABLE a.b DROP COLUMN c;", "ALTER TABLE a.b DROP c;", "ALTER TABLE a.b RENAME TO c;",
    "ALTER TABLE a.b RENAME c TO d;", "ALTER TABLE a.b ALTER COLUMN c TYPE text;", "ALTER TABLE a.b ALTER c SET NOT NULL;",
    "ALTER TABLE a.b ADD COLUMN c text NOT NULL;", "TRUNCATE a.b;", "CREATE TABLE x.y (a int); TRUNCATE a.b;",
])
def test_a_migration_that_takes_away_is_found(tmp_path: Path, sql: str) -> None:
    migrations = script("Tests/migrations.py")
    migrations.ROOT = tmp_path
    file = tmp_path / "m001_wrong.sql"
    file.write_text(sql)
    assert migrations.faults(file)
    file.write_text(f"-- contracts since 1.4: nobody asks for it\n{sql}")
    assert not migrations.faults(file)


@pytest.mark.parametrize("sql", [
    "ALTER TABLE a.b ADD COLUMN c text;", "ALTER TABLE a.b ADD COLUMN c int NOT NULL DEFAULT 1;",
    "ALTER TABLE a.b ADD COLUMN c int DEFAULT 1 NOT NULL;", "CREATE TABLE x.y (a int NOT NULL);",
    "ALTER TABLE a.b DROP CONSTRAINT c;", "CREATE TABLE a.b (c int); ALTER TABLE a.b ALTER c SET NOT NULL;",
    "CREATE TRIGGER t BEFORE UPDATE OR DELETE OR TRUNCATE ON a.b EXECUTE FUNCTION a.f();", "-- DROP TABLE a.b;",
])
def test_a_migration_that_adds_is_not(tmp_path: Path, sql: str) -> None:
    migrations = script("Tests/migrations.py")
    migrations.ROOT = tmp_path
    file = tmp_path / "m001_right.sql"
    file.write_text(sql)
    assert migrations.faults(file) == []


def test_the_metrics_of_a_query_are_told() -> None:
    names = script("deploy/observability/names.py")
    query = 'sum by (job, le) (rate(a_seconds_bucket{route=~"/x(y)z",status="200"}[5m])) / on (job) max(b_total) > 1 and c == 0'
    assert names.used(query) == {"a_seconds_bucket", "b_total", "c"}


def test_a_kustomization_that_does_not_hold_together_is_found(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    check = script("deploy/kustomization.py")
    shutil.copytree(ROOT / "deploy" / "kubernetes" / "base", tmp_path / "base")
    assert list(check.faults(tmp_path / "base")) == []
    gateway = tmp_path / "base" / "gateway.yaml"
    right = gateway.read_text()
    gateway.write_text(right.replace("terminationGracePeriodSeconds: 90", "terminationGracePeriodSeconds: 60"))
    assert [fault for fault in check.faults(tmp_path / "base") if "needs 75 s to end" in fault]
    gateway.write_text(right.replace("selector: {app.kubernetes.io/name: gateway}", "selector: {app.kubernetes.io/name: gateways}"))
    assert [fault for fault in check.faults(tmp_path / "base") if "Service/gateway selects nobody" in fault]
