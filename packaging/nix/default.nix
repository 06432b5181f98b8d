# SPDX-License-Identifier: GPL-2.0-or-later
# The core of patchpilot: nix-build packaging/nix
{ pkgs ? import <nixpkgs> { } }:

pkgs.python3Packages.buildPythonApplication {
  pname = "patchpilot";
  version = "0.1.0";
  pyproject = true;
  src = pkgs.lib.cleanSource ../..;

  PATCHPILOT_RELEASE = "1";
  SETUPTOOLS_SCM_PRETEND_VERSION = "0.1.0";

  build-system = with pkgs.python3Packages; [ hatchling hatch-vcs ];
  dependencies = with pkgs.python3Packages; [
    click
    codespell
    email-validator
    google-re2
    platformdirs
    unidiff
  ];
  nativeBuildInputs = [ pkgs.installShellFiles ];
  # git is started by its name
  makeWrapperArgs = [ "--prefix" "PATH" ":" (pkgs.lib.makeBinPath [ pkgs.git ]) ];
  postInstall = ''
    installShellCompletion --cmd patchpilot \
      --bash <($out/bin/patchpilot completion bash) \
      --zsh <($out/bin/patchpilot completion zsh) \
      --fish <($out/bin/patchpilot completion fish)
  '';
  pythonImportsCheck = [ "patchpilot" ];

  meta = {
    description = "Check Linux kernel patches and find their way to mainline and stable";
    license = pkgs.lib.licenses.gpl2Plus;
    mainProgram = "patchpilot";
  };
}
