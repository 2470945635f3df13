-- +goose Up

-- When a visitor's token was taken from him (otklik revoke). He is a stranger from then on; his dialog stays.
ALTER TABLE visitors ADD COLUMN revoked_at timestamptz;
CREATE INDEX visitors_revoked ON visitors (revoked_at) WHERE revoked_at IS NOT NULL;

-- +goose Down
ALTER TABLE visitors DROP COLUMN revoked_at;
