"""What the environment may say, and the sentence that answers what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import SETTINGS, Settings, SettingsError, likely_mistakes, read_settings

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


def test_an_empty_environment_is_a_private_instance_on_a_file() -> None:
    settings = read_settings({})
    assert settings == Settings(database_url="sqlite:///var/korridor.db")
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, False)
    assert settings.sqlite_file == Path("var/korridor.db")
    assert settings.origins == ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000")
    assert not settings.secure


def test_every_setting_is_read() -> None:
    settings = read_settings(
        {
            "KORRIDOR_DATABASE_URL": "postgresql://korridor:secret@db/korridor",
            "KORRIDOR_HOST": "0.0.0.0",  # noqa: S104
            "PORT": "9000",
            "KORRIDOR_PUBLIC_URL": "https://Korridor.example/",
            "KORRIDOR_DEMO": "1",
            "KORRIDOR_DEMO_LIVE": "yes",
            "KORRIDOR_SESSION_DAYS": "7",
            "KORRIDOR_TRUSTED_PROXIES": "127.0.0.1, 172.16.0.0/12",
            "KORRIDOR_BUDGETS": "0",
            "KORRIDOR_METRICS": "[::1]:9100",
            "KORRIDOR_WORKER": "3",
            "KORRIDOR_LOG_LEVEL": "Warning",
        }
    )
    assert settings == Settings(
        database_url="postgresql://korridor:secret@db/korridor",
        host="0.0.0.0",  # noqa: S104
        port=9000,
        public_url="https://korridor.example",
        demo=True,
        demo_live=True,
        session_days=7,
        trusted_proxies=("127.0.0.1", "172.16.0.0/12"),
        budgets=False,
        metrics=("::1", 9100),
        worker=3,
        log_level="warning",
    )
    assert settings.origins == ("https://korridor.example",)
    assert settings.secure
    assert settings.sqlite_file is None


def test_an_empty_value_is_as_good_as_none() -> None:
    assert read_settings({setting.variable: " " for setting in SETTINGS}) == read_settings({})


def test_a_public_name_of_this_machine_stands_for_all_its_names() -> None:
    settings = read_settings({"KORRIDOR_PUBLIC_URL": "http://localhost:8080", "KORRIDOR_HOST": "0.0.0.0"})  # noqa: S104
    assert settings.origins == ("http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KORRIDOR_DATABASE_URL", "mysql://db/korridor"),
        ("KORRIDOR_DATABASE_URL", "var/korridor.db"),
        ("KORRIDOR_DATABASE_URL", "sqlite://"),
        ("KORRIDOR_DATABASE_URL", "sqlite:///:memory:"),
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "٨٠٠٠"),
        ("KORRIDOR_PUBLIC_URL", "http://korridor.example"),
        ("KORRIDOR_PUBLIC_URL", "korridor.example"),
        ("KORRIDOR_PUBLIC_URL", "https://korridor.example/team"),
        ("KORRIDOR_PUBLIC_URL", "https://me@korridor.example"),
        ("KORRIDOR_PUBLIC_URL", "https://"),
        ("KORRIDOR_PUBLIC_URL", "ftp://korridor.example"),
        ("KORRIDOR_DEMO", "perhaps"),
        ("KORRIDOR_SESSION_DAYS", "0"),
        ("KORRIDOR_SESSION_DAYS", "366"),
        ("KORRIDOR_TRUSTED_PROXIES", "*"),
        ("KORRIDOR_TRUSTED_PROXIES", "proxy.example"),
        ("KORRIDOR_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("KORRIDOR_METRICS", "9100"),
        ("KORRIDOR_METRICS", "localhost:9100"),
        ("KORRIDOR_METRICS", "127.0.0.1"),
        ("KORRIDOR_METRICS", "127.0.0.1:70000"),
        ("KORRIDOR_WORKER", "one"),
        ("KORRIDOR_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_answered_with_a_sentence_that_names_the_setting(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({variable: value})
    assert str(error.value).startswith(f"{variable} ")
    assert str(error.value).endswith(".")


def test_a_server_for_others_needs_to_know_its_https_address() -> None:
    with pytest.raises(SettingsError, match="KORRIDOR_PUBLIC_URL"):
        read_settings({"KORRIDOR_HOST": "0.0.0.0"})  # noqa: S104


def test_simulated_colleagues_need_a_demo() -> None:
    with pytest.raises(SettingsError, match="KORRIDOR_DEMO"):
        read_settings({"KORRIDOR_DEMO_LIVE": "1"})


def test_a_misspelt_setting_is_pointed_out() -> None:
    (sentence,) = likely_mistakes({"KORRIDOR_DEMMO": "1", "KORRIDOR_DEMO": "1", "KORRIDOR_TEST_PG": "x", "HOME": "y"})
    assert sentence == "KORRIDOR_DEMMO is not a setting. Did you mean KORRIDOR_DEMO?"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_every_setting_has_its_line_in_the_docs_with_its_default(setting: object) -> None:
    variable, default = setting.variable, setting.default  # type: ignore[attr-defined]
    lines = [line for line in OPERATING.read_text().splitlines() if line.startswith(f"| `{variable}` |")]
    assert len(lines) == 1, f"docs/operating.md says nothing of {variable}"
    assert f"| `{default}` |" in lines[0] or (not default and "| – |" in lines[0])


def test_the_docs_speak_of_no_setting_that_does_not_exist() -> None:
    documented = {line.split("`")[1] for line in OPERATING.read_text().splitlines() if line.startswith("| `")}
    shouted = {name for name in documented if name.isupper()}
    assert shouted == {setting.variable for setting in SETTINGS}
