import type { Random } from "../shop/seeded-random";

const SHAPES = 160;

/** A picture of a product as SVG, a few kilobytes: another one for each state of `random`. */
export function drawPicture(random: Random): string {
  const shapes = Array.from({ length: SHAPES }, () => {
    const [x, y, radius] = [random.integer(0, 400), random.integer(0, 300), random.integer(2, 40)];
    return `<circle cx="${x}" cy="${y}" r="${radius}" fill="#${random.hex(3)}" fill-opacity="0.4"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300">\n${shapes.join("\n")}\n</svg>\n`;
}
