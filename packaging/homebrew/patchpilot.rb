# SPDX-License-Identifier: GPL-2.0-or-later
# The core of patchpilot. `brew update-python-resources` writes a resource for each package below; url and sha256 are those of the release.
class Patchpilot < Formula
  include Language::Python::Virtualenv

  desc "Check Linux kernel patches and find their way to mainline and stable"
  homepage "https://patchpilot.example"
  url "https://patchpilot.example/patchpilot_core-0.1.0.tar.gz"
  sha256 "0" * 64
  license "GPL-2.0-or-later"

  depends_on "abseil"
  depends_on "git"
  depends_on "python@3.13"
  depends_on "re2"

  # needs: click codespell email-validator google-re2 platformdirs unidiff

  def install
    virtualenv_install_with_resources
    generate_completions_from_executable(bin/"patchpilot", "completion")
  end

  test do
    (testpath/"x.patch").write <<~PATCH
      From: A <a@example.org>
      Subject: [PATCH] x: fix it

      Why.
      ---
      --- a/x.c
      +++ b/x.c
      @@ -1 +1 @@
      -int a;
      +int b;
    PATCH
    assert_match "Signed-off-by", shell_output("#{bin}/patchpilot check x.patch", 1)
  end
end
