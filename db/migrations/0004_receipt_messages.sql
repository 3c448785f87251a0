-- What a verdict said in words, so that the same id gets the same answer, word for word (P-12).

ALTER TABLE receipts ADD COLUMN message TEXT;
