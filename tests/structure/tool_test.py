"""The program `holdfast` on small files, and that what it generates is what the tree holds."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

BIN = os.environ["HOLDFAST_BIN"]
GENERATED = {"manual": "etc/holdfast.conf.5", "completion": "etc/holdfast.bash-completion",
             "dictionary": "tests/fuzz/config.dict", "schema": "etc/holdfast.schema.json"}
PAIR = """vrrp_instance VI_1 {
    interface none0
    virtual_router_id 51
    priority %d
    authentication {
        auth_type PASS
        auth_pass s3cret
    }
    virtual_ipaddress {
        192.0.2.9
    }
}
"""


def holdfast(*arguments):
    done = subprocess.run([os.path.join(BIN, "holdfast"), *arguments], capture_output=True,
                          text=True, timeout=20)
    return done.returncode, done.stdout + done.stderr


class ManualTest(unittest.TestCase):
    def test_the_manual_of_genhash_has_every_option_and_no_other(self):
        _, said = holdfast("genhash", "--help")
        options = set(re.findall(r"(?:^|\s)-(\w) \[ --([\w-]+) \]", said))
        self.assertGreater(len(options), 9)
        with open("etc/genhash.1") as file:
            page = file.read().replace("\\-", "-")
        self.assertEqual(set(re.findall(r'^\.BR -(\w) ", " --([\w-]+)', page, re.MULTILINE)), options)


class ToolTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_the_example_of_yaml_is_read_without_a_finding(self):
        with open("etc/YAML.md") as file:
            example = file.read().split("```yaml\n")[1].split("```")[0]
        status, text = holdfast("convert", self.write("example.yaml", example))
        self.assertEqual(status, 0)
        conf = self.write("example.conf", text)
        self.assertEqual(holdfast("diff", self.write("example.yaml", example), conf)[0], 0)
        self.assertIn('notify_backup "/etc/holdfast/notify.sh backup" nobody', text)
        for name in ("example.yaml", "example.conf"):
            tested = subprocess.run([os.path.join(BIN, "holdfastd"), "-t", "-f",
                                     os.path.join(self.folder, name)], capture_output=True,
                                    text=True, timeout=20)
            self.assertEqual((tested.returncode, tested.stderr), (0, ""))

    def test_generated_files_are_fresh(self):
        for what, path in GENERATED.items():
            with self.subTest(what), open(path) as file:
                status, text = holdfast("generate", what)
                self.assertEqual(status, 0)
                self.assertTrue(file.read() == text,
                                f"{path} is stale: holdfast generate {what} > {path}")

    def test_the_manual_page_is_good_roff(self):
        if not shutil.which("man"):
            self.skipTest("man is not installed")
        done = subprocess.run(["man", "--warnings", "-l", "etc/holdfast.conf.5"],
                              capture_output=True, text=True, env={**os.environ, "MANPAGER": "cat"})
        self.assertEqual(done.stderr, "")

    def test_explain(self):
        status, text = holdfast("explain", "advert_int")
        self.assertEqual(status, 0)
        self.assertIn("in vrrp_instance", text)
        self.assertIn("default: 1\n", text)
        status, text = holdfast("explain", "advert_itn")
        self.assertEqual(status, 1)
        self.assertIn("'advert_int'", text)

    def test_show_config_has_every_default_and_no_password(self):
        path = self.write("a.conf", PAIR % 150)
        status, text = holdfast("show-config", path)
        self.assertEqual(status, 0)
        self.assertRegex(text, rf"priority 150 +# {path}:4")
        self.assertRegex(text, r"advert_int 1 +# default")
        self.assertNotIn("s3cret", text)

    def test_diff_tells_what_a_reload_would_change(self):
        old = self.write("a.conf", PAIR % 150)
        new = self.write("b.conf", (PAIR % 151).replace("s3cret", "0ther"))
        status, text = holdfast("diff", old, new)
        self.assertEqual(status, 1)
        self.assertEqual(text.splitlines(), [
            "~ vrrp_instance VI_1 / priority: 150 -> 151",
            "~ vrrp_instance VI_1 / authentication / auth_pass: ******** -> ********"])
        self.assertEqual(holdfast("diff", old, old), (0, ""))
        self.assertEqual(holdfast("diff", old)[0], 2)
        self.assertEqual(holdfast("diff", old, os.path.join(self.folder, "missing"))[0], 2)

    def test_lint_names_the_rule_and_can_be_silenced(self):
        path = self.write("a.conf", PAIR % 150)
        status, text = holdfast("lint", path)
        self.assertEqual(status, 1)
        self.assertIn("[password-in-clear]", text)
        self.assertIn("[interface-missing]", text)
        self.assertEqual(holdfast("lint", path, "--ignore", "password-in-clear", "--ignore",
                                  "interface-missing"), (0, ""))
        path = self.write("b.conf", "# holdfast: ignore password-in-clear interface-missing\n" +
                          PAIR % 150)
        self.assertEqual(holdfast("lint", path), (0, ""))

    def test_an_unknown_command_is_answered_with_the_likely_one(self):
        status, text = holdfast("expalin", "x")
        self.assertEqual(status, 1)
        self.assertIn("did you mean 'explain'?", text)
        self.assertEqual(holdfast()[0], 1)
        self.assertEqual(holdfast("--help")[0], 0)
        self.assertEqual(holdfast("lint", os.path.join(self.folder, "missing"))[0], 6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
