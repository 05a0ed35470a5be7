-- The order of the systems in holdfast.yaml has a meaning, and jsonb forgets it.
ALTER TABLE "configurations" ALTER COLUMN "document" TYPE JSON USING "document"::text::json;
