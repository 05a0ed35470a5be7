import type { Connection } from "mariadb";
import { SCHEMA_STATEMENTS, SHOP_HOSTS, SHOP_SCHEMAS } from "./schema";
import { createRandom, type Random } from "./seeded-random";

const SEED = 20_261_123;
const COUNTS = { categories: 12, products: 200, customers: 1_500, orders: 800, notes: 1_200, campaigns: 20 } as const;
const ROWS_AT_ONCE = 500;

type Row = (string | number | Buffer | null)[];

const WORDS = [
  "Falkland",
  "Überzug",
  "crème brûlée",
  "お茶",
  "чайник",
  "قهوة",
  "🫖 kettle",
  "naïve",
  "ਚਾਹ",
  "plain",
  "Ærø",
  "𝒦𝑒𝓉𝓉𝓁𝑒",
];
const COLOURS = ["red", "blue", "graphite", "sand", "olive"];
const CITIES = ["Tromsø", "São Paulo", "Kraków", "東京", "Reykjavík", "Zürich"];

/** One INSERT a batch, so that some thousand rows take well under a second. */
async function insertRows(connection: Connection, into: string, rows: readonly Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const part = rows.slice(at, at + ROWS_AT_ONCE);
    const marks = part.map((row) => `(${row.map(() => "?").join(", ")})`).join(", ");
    await connection.query(`INSERT INTO ${into} VALUES ${marks}`, part.flat());
  }
}

const numbered = <T>(count: number, make: (id: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index + 1));

async function seedCatalogue(connection: Connection, random: Random): Promise<void> {
  const categories = numbered(COUNTS.categories, (id) => [
    id,
    id > 4 ? random.integer(1, 4) : null,
    `${random.pick(WORDS)} ${id}`,
  ]);
  await insertRows(connection, "shop.categories (id, parent_id, name)", categories);
  const products = numbered(COUNTS.products, (id): Row => {
    const attributes = JSON.stringify({ colour: random.pick(COLOURS), weightGrams: random.integer(5, 9_000) });
    const name = `${random.pick(WORDS)} ${random.pick(WORDS)} ${id}`;
    const sku = `SKU-${String(id).padStart(6, "0")}`;
    const text = numbered(random.integer(5, 30), () => random.pick(WORDS)).join(" ");
    return [id, random.integer(1, COUNTS.categories), sku, name, text, random.integer(99, 49_999), attributes];
  });
  await insertRows(
    connection,
    "shop.products (id, category_id, sku, name, description, price_cents, attributes)",
    products,
  );
  const stock = numbered(COUNTS.products, (id) => [id, 1_000_000]);
  await insertRows(connection, "shop.stock (product_id, quantity)", stock);
}

async function seedCustomers(connection: Connection, random: Random): Promise<void> {
  const customers = numbered(COUNTS.customers, (id): Row => {
    const born =
      random.integer(0, 9) === 0
        ? null
        : `${random.integer(1940, 2006)}-0${random.integer(1, 9)}-1${random.integer(0, 9)}`;
    return [
      id,
      `customer-${id}@example.com`,
      `${random.pick(WORDS)} ${random.pick(CITIES)}`,
      random.pick(["NO", "DE", "JP", "BR"]),
      born,
    ];
  });
  await insertRows(connection, "shop.customers (id, email, name, country, born_on)", customers);
  const addresses = numbered(COUNTS.customers, (id): Row => [
    id,
    random.pick(["home", "work"]),
    `${random.pick(WORDS)} ${id}`,
    random.pick(CITIES),
  ]);
  await insertRows(connection, "shop.addresses (customer_id, kind, street, city)", addresses);
}

/** Past orders. Their lines go through the trigger as any other. */
async function seedOrders(connection: Connection, random: Random): Promise<void> {
  const orders = numbered(COUNTS.orders, (id): Row => [
    id,
    random.hex(16),
    random.integer(1, COUNTS.customers),
    "history",
  ]);
  await insertRows(connection, "shop.orders (id, token, customer_id, channel)", orders);
  const lines = numbered(COUNTS.orders, (id) =>
    numbered(random.integer(1, 4), (line): Row => [
      id,
      line,
      random.integer(1, COUNTS.products),
      random.integer(1, 5),
      random.integer(99, 49_999),
    ]),
  ).flat();
  await insertRows(connection, "shop.order_lines (order_id, line_no, product_id, quantity, unit_price_cents)", lines);
  await connection.query("UPDATE shop.orders SET total_cents = shop.order_total(id)");
  await connection.query(
    "INSERT INTO shop.payments (order_id, method, amount_cents) SELECT id, 'card', total_cents FROM shop.orders ORDER BY id",
  );
}

async function seedRelations(connection: Connection, random: Random): Promise<void> {
  const contacts = numbered(COUNTS.customers, (id): Row => [id, id, random.pick(WORDS), random.fraction()]);
  await insertRows(connection, "crm.contacts (id, customer_id, nickname, score)", contacts);
  const notes = numbered(COUNTS.notes, (id): Row => {
    const attachment = random.integer(0, 3) === 0 ? Buffer.from(random.hex(64), "hex") : null;
    const at = `2026-0${random.integer(1, 9)}-1${random.integer(0, 9)} 08:${random.integer(10, 59)}:00.${random.integer(100, 999)}`;
    return [
      random.integer(1, COUNTS.customers),
      `${id}: ${random.pick(WORDS)}\n${random.pick(WORDS)}\t\\ ' " %`,
      attachment,
      at,
    ];
  });
  await insertRows(connection, "crm.notes (contact_id, body, attachment, noted_at)", notes);
  const campaigns = numbered(COUNTS.campaigns, (id): Row => [
    `${random.pick(WORDS)} ${id}`,
    `${random.integer(100, 99_999)}.${random.integer(10, 99)}`,
    `2026-1${random.integer(0, 2)}-01`,
  ]);
  await insertRows(connection, "crm.campaigns (name, budget, starts_on)", campaigns);
}

/** The shop's account with exactly the rights of an application: rows of its own schemas. */
async function createAccount(connection: Connection, password: string): Promise<void> {
  for (const host of SHOP_HOSTS) {
    await connection.query(`CREATE OR REPLACE USER 'shop'@'${host}' IDENTIFIED BY ?`, [password]);
    for (const schema of SHOP_SCHEMAS) {
      // TRIGGER and SHOW VIEW: the account is the definer of the trigger and the view.
      await connection.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, TRIGGER, SHOW VIEW, CREATE VIEW ON ${schema}.* TO 'shop'@'${host}'`,
      );
    }
  }
}

/** Whether the shop's data are there already. */
export async function isShopSeeded(connection: Connection): Promise<boolean> {
  const rows: unknown[] = await connection.query(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'crm' AND table_name = 'seeded'",
  );
  return rows.length > 0;
}

/** Makes the schemas `shop` and `crm`, their account and some thousand rows from a fixed seed, anew. Needs an
 *  administrator's connection to the primary. Ends with `crm.seeded`: a seed that was cut off is made again. */
export async function seedShop(connection: Connection, password: string): Promise<void> {
  const random = createRandom(SEED);
  await connection.query("SET FOREIGN_KEY_CHECKS = 0");
  for (const schema of SHOP_SCHEMAS) await connection.query(`DROP DATABASE IF EXISTS ${schema}`);
  await connection.query("SET FOREIGN_KEY_CHECKS = 1");
  await createAccount(connection, password);
  for (const statement of SCHEMA_STATEMENTS) await connection.query(statement);
  await connection.beginTransaction();
  await seedCatalogue(connection, random);
  await seedCustomers(connection, random);
  await seedOrders(connection, random);
  await seedRelations(connection, random);
  await connection.commit();
  await connection.query("CREATE TABLE crm.seeded (seed INT NOT NULL PRIMARY KEY) SELECT ? AS seed", [SEED]);
}
