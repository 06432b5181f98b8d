# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the sandbox tree's other drivers.

They are small and similar, written in kernel style, and change from release to release.
"""

from dataclasses import dataclass, field


@dataclass
class DemoDriver:
    """A device with registers, and a driver file that is generated from the driver's current
    features.
    """

    name: str
    path: str
    prefix: str
    description: str
    registers: list[tuple[str, int]] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    origin: dict[str, str] = field(default_factory=dict)

    def render(self) -> str:
        upper_name = self.name.upper()
        lines = [
            "// SPDX-License-Identifier: GPL-2.0-only",
            f"/* {self.description} */",
            "",
            "#include <linux/io.h>",
            "#include <linux/module.h>",
            "#include <linux/types.h>",
            "",
            *(
                f"#define {upper_name}_{name}"
                f"{_align_columns(f'#define {upper_name}_{name}')}0x{offset:02x}"
                for name, offset in self.registers
            ),
            "",
            f"struct {self.name}_priv {{",
            "\tvoid __iomem *base;",
            "\tu32 last;",
            "};",
            "",
            f"static u32 {self.name}_read(struct {self.name}_priv *priv, u32 reg)",
            "{",
            "\treturn readl(priv->base + reg);",
            "}",
        ]
        for name in self.readers:
            lines += ["", *self._reader(name)]
        lines += [
            "",
            f'MODULE_DESCRIPTION("{self.description}");',
            'MODULE_LICENSE("GPL");',
            "",
        ]
        return "\n".join(lines)

    def _reader(self, name: str) -> list[str]:
        upper_name, lower_name = self.name.upper(), name.lower()
        body = [
            f"int {self.name}_get_{lower_name}(struct {self.name}_priv *priv, u32 *value)",
            "{",
        ]
        if name in self.checked:
            body += ["\tif (!priv->base)", "\t\treturn -ENODEV;", ""]
        return [
            *body,
            f"\t*value = {self.name}_read(priv, {upper_name}_{name});",
            "\tpriv->last = *value;",
            "",
            "\treturn 0;",
            "}",
        ]


def _align_columns(text: str) -> str:
    return "\t" * max(1, (40 - len(text) + 7) // 8)


WORDS = (
    "STATUS", "CONTROL", "MASK", "CLOCK", "POWER", "FIFO", "LEVEL", "TIMER", "RANGE", "OFFSET", "LIMIT", "ALARM", "CHANNEL", "GAIN", "MODE", "INDEX",  # noqa: E501
    "SOURCE", "TARGET", "PHASE", "RATIO", "WINDOW", "COUNT", "DELAY", "ERROR", "SENSE", "SWITCH", "TOKEN", "VECTOR", "WAKE", "ZONE",  # noqa: E501
)  # fmt: skip


def make_drivers() -> list[DemoDriver]:
    """Return the drivers of a new tree, each with its first register and reader."""
    drivers = [
        DemoDriver(
            "tf75",
            "drivers/hwmon/tf75.c",
            "hwmon: (tf75)",
            "Tafel TF75 temperature sensor",
        ),
        DemoDriver("vw12", "drivers/hwmon/vw12.c", "hwmon: (vw12)", "Vwatt VW12 power monitor"),
        DemoDriver("orca", "drivers/spi/spi-orca.c", "spi: orca:", "Orca SPI controller"),
        DemoDriver("blinker", "drivers/usb/misc/blinker.c", "usb: blinker:", "USB blinker"),
        DemoDriver("dock", "drivers/usb/misc/dock.c", "usb: dock:", "USB docking station"),
        DemoDriver("kelp", "drivers/mmc/host/kelp.c", "mmc: kelp:", "Kelp SD host controller"),
        DemoDriver("reef", "drivers/clk/clk-reef.c", "clk: reef:", "Reef clock generator"),
        DemoDriver("tide", "sound/soc/codecs/tide.c", "ASoC: tide:", "Tide audio codec"),
        DemoDriver(
            "gull",
            "drivers/net/ethernet/gull/gull.c",
            "gull:",
            "Gull 100 Mbit/s Ethernet",
        ),
        DemoDriver("fossil", "drivers/misc/fossil.c", "misc: fossil:", "Fossil time capsule"),
    ]
    for driver in drivers:
        driver.registers.append(("ID", 0))
        driver.readers.append("ID")
    return drivers
