# SPDX-License-Identifier: GPL-2.0-or-later
"""Installing, using and removing: ./run --install, the tar.gz and the .deb.

The machine's own folders are never touched, except in the throw-away userlands of
./test --matrix (TEAMSHARK_USERLAND)."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

import documents
import harness

PLUGINS = ("ms-stun.so", "teams-dns.so", "teams.so")
RUN = harness.ROOT / "run"

only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="dpkg --root needs root's rights")
only_in_userland = pytest.mark.skipif(
    not os.environ.get("TEAMSHARK_USERLAND"),
    reason="installs for all users: only in a throw-away userland (./test --matrix)")


def command(*args, home=None, check=True, cwd=None):
    """Runs a command as the caller, with another home folder; a CompletedProcess."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "WIRESHARK_"))}
    if home:
        # What is kept between runs stays where it is.
        env.update(HOME=str(home), XDG_CACHE_HOME=os.environ.get("XDG_CACHE_HOME", str(pathlib.Path.home() / ".cache")))
    result = subprocess.run([str(arg) for arg in args], env=env, stdin=subprocess.DEVNULL, cwd=cwd,
                            capture_output=True, text=True, timeout=600, check=False)
    assert not check or result.returncode == 0, f"{args}: {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result


def series():
    version = command("tshark", "--version").stdout
    return re.search(r"\(Wireshark\) (\d+\.\d+)\.", version).group(1)


def files_under(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def loaded_with_home(home):
    """What an ordinary user with this home folder gets from Wireshark."""
    harness.open_to_all(home)
    env = {**harness.environment(home, ""), "WIRESHARK_CONFIG_DIR": str(home / ".config/wireshark")}
    del env["WIRESHARK_PLUGIN_DIR"]
    result = subprocess.run(harness.unprivileged(["tshark", "-G", "plugins"], env), stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=harness.TIMEOUT_S, check=True)
    return result.stdout


def assert_command_makes_a_page(program):
    """The installed command finds its template."""
    done = subprocess.run([program, "--json", "-", "-o", "-"], input=b"{}", capture_output=True, check=False)
    assert done.returncode == 0 and b"</html>" in done.stdout, done.stderr


@pytest.fixture
def home():
    path = harness.new_home()
    shutil.rmtree(path / "config")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The folder in which cpack has put the .deb and the tar.gz of the build under test."""
    build = pathlib.Path(os.environ.get("TEAMSHARK_BUILD") or harness.ROOT / "build/development")
    folder = tmp_path_factory.mktemp("packages")
    for generator in ("DEB", "TGZ"):
        command("cpack", "-G", generator, "--config", build / "CPackConfig.cmake", "-B", folder)
    return folder


@pytest.fixture(scope="module")
def deb(packages):
    return next(packages.glob("*.deb"))


# --- ./run --install ---------------------------------------------------------

def test_install_use_uninstall_leaves_nothing(home):
    command(RUN, "--install", home=home)
    installed = files_under(home)
    assert [f".local/lib/wireshark/plugins/{series()}/epan/{name}" for name in PLUGINS] == \
        [name for name in installed if name.endswith(".so")]
    assert ".config/wireshark/profiles/Teams/preferences" in installed
    assert_command_makes_a_page(home / ".local/bin/teamshark-page")
    listing = loaded_with_home(home)
    assert all(f"{home}/.local/lib/wireshark/plugins/{series()}/epan/{name}" in listing for name in PLUGINS)
    command(RUN, "--uninstall", home=home)
    assert not list(home.iterdir())


def test_installing_twice_is_installing_once(home):
    command(RUN, "--install", home=home)
    first = files_under(home)
    command(RUN, "--install", home=home)
    assert files_under(home) == first
    command(RUN, "--uninstall", home=home)
    assert not list(home.iterdir())


def test_what_the_user_changed_or_added_stays(home):
    profile = home / ".config/wireshark/profiles/Teams"
    command(RUN, "--install", home=home)
    (profile / "preferences").write_text("# mine\n")
    (profile / "recent").write_text("# Wireshark's\n")
    said = command(RUN, "--uninstall", home=home).stderr
    assert files_under(home) == [f".config/wireshark/profiles/Teams/{name}" for name in ("preferences", "recent")]
    assert "kept, since it was changed" in said and "kept, since there is more in it" in said


def test_a_file_of_somebody_else_is_not_overwritten(home):
    mine = home / f".local/lib/wireshark/plugins/{series()}/epan/teams.so"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    result = command(RUN, "--install", home=home, check=False)
    assert result.returncode != 0 and "move it away first" in result.stderr
    assert files_under(home) == [str(mine.relative_to(home))]


def test_uninstalling_nothing_is_no_error(home):
    assert "nothing is installed" in command(RUN, "--uninstall", home=home).stderr


def test_plugins_of_another_series_are_reported(home):
    """After an upgrade of Wireshark the installed plugins lie in a folder it does not look into."""
    command(RUN, "--install", home=home)
    manifest = home / ".local/share/teamshark/manifest"
    manifest.write_text(manifest.read_text().replace(f"/plugins/{series()}/", "/plugins/3.6/"))
    said = command(RUN, default_capture(), home=home, check=False).stderr
    assert f"the installed plugins are for Wireshark 3.6, and this is {series()}" in said


def default_capture():
    return next(harness.ROOT.glob("test-captures/*.pcap*"))


# --- The tar.gz --------------------------------------------------------------

def test_archive_is_unpacked_in_the_home_folder(packages, home):
    with tarfile.open(next(packages.glob("*-linux-x86_64.tar.gz"))) as archive:
        archive.extractall(home)
    assert set(os.listdir(home)) == {".local", ".config"}
    assert_command_makes_a_page(home / ".local/bin/teamshark-page")
    listing = loaded_with_home(home)
    assert all(f"{home}/.local/lib/wireshark/plugins/{series()}/epan/{name}" in listing for name in PLUGINS)


# --- The .deb ----------------------------------------------------------------

def control(deb, field):
    return command("dpkg-deb", "-f", deb, field).stdout.strip()


def test_deb_is_bound_to_its_series(deb):
    major, minor = series().split(".")
    assert control(deb, "Package") == f"teamshark-wireshark{series()}"
    assert f"wireshark-common (>= {series()}), wireshark-common (<< {major}.{int(minor) + 1})" in control(deb, "Depends")


def test_deb_holds_plugins_profile_and_documents(deb, tmp_path):
    command("dpkg-deb", "-x", deb, tmp_path)
    names = files_under(tmp_path)
    assert sorted(PLUGINS) == sorted(pathlib.Path(name).name for name in names if name.endswith(".so"))
    assert "usr/share/wireshark/profiles/Teams/preferences" in names
    assert {"README.md", "changelog.gz", "copyright"} <= {pathlib.Path(name).name for name in names if "/doc/" in name}
    assert_command_makes_a_page(tmp_path / "usr/bin/teamshark-page")


def test_lintian_finds_no_error(deb):
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    result = command("lintian", "--fail-on", "error", "--allow-root", deb, check=False)
    assert result.returncode == 0, result.stdout


@only_as_root
def test_deb_is_installed_and_removed_in_a_root_of_its_own(deb, tmp_path):
    for folder in ("updates", "info", "triggers"):
        (tmp_path / "var/lib/dpkg" / folder).mkdir(parents=True)
    for name in ("status", "available"):
        (tmp_path / "var/lib/dpkg" / name).touch()
    dpkg = ("dpkg", f"--root={tmp_path}", "--force-depends", "--force-not-root", "--force-script-chrootless",
            "--log=/dev/null")
    command(*dpkg, "--install", deb)
    plugins = next(tmp_path.glob("usr/lib/*/wireshark/plugins"))
    harness.open_to_all(tmp_path)
    listing = list_plugins_from(plugins)
    assert all(name in listing for name in PLUGINS)
    command(*dpkg, "--purge", control(deb, "Package"))
    assert not [name for name in files_under(tmp_path) if not name.startswith("var/lib/dpkg/")]


def list_plugins_from(folder):
    copy = harness.workspace() / "from-package"
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    return harness.run(["tshark", "-G", "plugins"], plugins=copy).stdout


@only_in_userland
def test_deb_with_apt(deb):
    place = pathlib.Path("/tmp") / deb.name
    shutil.copyfile(deb, place)
    command("apt-get", "-y", "--no-install-recommends", "install", place)
    try:
        listing = command("tshark", "-G", "plugins").stdout
        assert all(name in listing for name in PLUGINS), "root, too, gets what is installed for all users"
        capture = str(harness.ROOT / "test-captures/article-signin-2017.pcap")
        assert "pipe.skype.com" in command("tshark", "-C", "Teams", "-r", capture, "-T", "fields", "-e", "teams_dns.name").stdout
    finally:
        command("apt-get", "-y", "purge", control(deb, "Package"))
        place.unlink()
    assert "teams-dns.so" not in command("tshark", "-G", "plugins").stdout
    assert not list(pathlib.Path("/usr").rglob("teams-dns.so"))
    assert not pathlib.Path("/usr/share/wireshark/profiles/Teams").exists()


@only_in_userland
def test_install_for_all_users(home):
    command(RUN, "--install", "--system", home=home)
    listing = command("tshark", "-G", "plugins").stdout
    assert all(name in listing for name in PLUGINS)
    assert pathlib.Path("/usr/share/wireshark/profiles/Teams/preferences").is_file()
    command("tshark", "-C", "Teams", "-r", default_capture(), home=home)
    command(RUN, "--uninstall", home=home)
    assert not files_under(home), "the copy of the profile that Wireshark made"
    assert not list(pathlib.Path("/usr").rglob("teams-dns.so"))
    assert not pathlib.Path("/usr/share/wireshark/profiles/Teams").exists()
    assert not pathlib.Path("/var/lib/teamshark").exists()


# --- What the documents say --------------------------------------------------

@pytest.mark.skipif(not os.access(harness.ROOT, os.W_OK), reason="builds in the checkout, which is another user's")
@pytest.mark.parametrize("block", documents.commands("checkout", "install"), ids=str)
def test_command_of_the_documents_works_in_the_checkout(block, home):
    """In the order of each document: later commands use what earlier ones made."""
    text = re.sub(r"\bFILE\b", str(default_capture()), block.text)
    result = command("bash", "-euo", "pipefail", "-c", text, home=home, cwd=harness.ROOT)
    assert block.word == "install" or result.stdout.strip(), "it prints nothing"
    assert not list(home.iterdir())
