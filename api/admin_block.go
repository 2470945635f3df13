package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/outside"
	"github.com/otklik/otklik/store"
)

const (
	maxNote     = 200
	maxListBody = 6 << 20 // a hundred thousand addresses
)

// blockRoutes are the page «Блокировка из чата» and the lists of an outer account (D-50).
func (s *Server) blockRoutes(blocks fiber.Router) {
	blocks.Get("/", s.listBlocks)
	blocks.Post("/", s.addBlock)
	blocks.Put("/", s.putBlocks)
	blocks.Get("/sync", s.getBlockSync)
	blocks.Post("/sync", s.pullBlocks)
	blocks.Delete("/:block_id", s.deleteBlock)
}

// bodyLimits lets one request be longer than all others: a whole block list. Who is not signed in may not send one.
func bodyLimits(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if isBlockList(h) {
		return fasthttp.RequestConfig{MaxRequestBodySize: maxListBody}
	}
	return fasthttp.RequestConfig{}
}

// isBlockList reports whether somebody signed in puts a list of addresses.
func isBlockList(h *fasthttp.RequestHeader) bool {
	uri := string(h.RequestURI())
	return string(h.Method()) == fiber.MethodPut && strings.HasPrefix(uri, "/api/v1/admin/projects/") && strings.HasSuffix(uri, "/blocks") &&
		len(h.Cookie(sessionCookie)) > 0
}

func (s *Server) listBlocks(c *fiber.Ctx) error {
	f, err := findOf(c, "ni")
	if err != nil {
		return err
	}
	var sources []string
	for _, raw := range c.Context().QueryArgs().PeekMulti("source") {
		switch source := BlockSource(raw); source {
		case BlockSourceSystem, BlockSourceManual, BlockSourceOperator:
			sources = append(sources, string(source))
		default:
			return wrong(codeInvalid, "source")
		}
	}
	if sources == nil {
		sources = []string{store.BlockedByHand, store.BlockedByOperator}
	}
	items, next, err := s.store.BlockPage(c.UserContext(), projectOf(c), sources, f)
	if err != nil {
		return err
	}
	return c.JSON(BlockPage{Items: each(items, blockOut), NextCursor: cursorAfter(next)})
}

func blockOut(b store.Block) Block {
	return Block{ID: b.ID, IP: b.IP, Source: BlockSource(b.Source), Note: b.Note, Operator: personOf(b.Operator.ID, b.Operator.Name),
		Dialog: namedOf(b.Dialog.ID, b.Dialog.Name), At: b.At}
}

func (s *Server) addBlock(c *fiber.Ctx) error {
	req, _, err := body[BlockInput](c)
	if err != nil {
		return err
	}
	note := strings.TrimSpace(req.Note)
	if err := plainText("note", note, maxNote); err != nil {
		return err
	}
	ip, err := addressOf(req.IP, "ip")
	if err != nil {
		return err
	}
	b, err := s.store.AddBlock(c.UserContext(), operatorOf(c).OperatorID, projectOf(c), ip, note)
	s.blocks.poke()
	return answer201(c, b, blockOut, err)
}

// addressOf reads one address in its one form (D-48).
func addressOf(raw, field string) (string, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", wrong(codeRequired, field)
	}
	ip, ok := dialog.ParseAddress(raw)
	if !ok {
		return "", wrong(codeInvalid, field)
	}
	return ip, nil
}

// putBlocks may take longer than other requests: it is one transaction of up to a hundred thousand rows.
func (s *Server) putBlocks(c *fiber.Ctx) error {
	req, _, err := body[BlockListPut](c)
	if err != nil {
		return err
	}
	if req.Source != BlockListPutSourceSystem && req.Source != BlockListPutSourceManual {
		return wrong(codeInvalid, "source")
	}
	if len(req.Ips) > outside.MaxAddresses {
		return tooLong("ips", outside.MaxAddresses)
	}
	ips := make([]string, len(req.Ips))
	for i, raw := range req.Ips {
		if ips[i], err = addressOf(raw, fmt.Sprintf("ips[%d]", i)); err != nil {
			return err
		}
	}
	done, err := s.store.PutBlocks(s.ctx, operatorOf(c).OperatorID, projectOf(c), string(req.Source), ips)
	if err != nil {
		return err
	}
	s.blocks.poke()
	return c.JSON(BlockListAnswer(done))
}

func (s *Server) deleteBlock(c *fiber.Ctx) error {
	defer s.blocks.poke()
	return remove(c, "block_id", s.store.DeleteBlock)
}

func (s *Server) getBlockSync(c *fiber.Ctx) error {
	sync, err := s.blockSync(c.UserContext(), projectOf(c))
	if err != nil {
		return err
	}
	return c.JSON(sync)
}

func (s *Server) blockSync(ctx context.Context, project string) (BlockSync, error) {
	b, err := s.store.BlockSync(ctx, project)
	return BlockSync{URLSet: b.URLSet, PulledAt: b.PulledAt, TriedAt: b.TriedAt, Error: b.Error, Owed: b.Owed}, err
}

// pullBlocks asks for the lists now; the worker pulls them within a second or two.
func (s *Server) pullBlocks(c *fiber.Ctx) error {
	ctx, project := c.UserContext(), projectOf(c)
	sync, err := s.blockSync(ctx, project)
	if err != nil {
		return err
	}
	if !sync.URLSet {
		return wrong(codeRequired, "block_list_url")
	}
	if err := s.store.WantPull(ctx, project); err != nil {
		return err
	}
	return c.Status(fiber.StatusAccepted).JSON(sync)
}
