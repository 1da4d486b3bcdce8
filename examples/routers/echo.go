package main

import (
	"log"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
)

// Echo returns the service under echo.
func Echo(errors *log.Logger) http.Handler {
	e := echo.New()
	e.Logger = slog.New(slog.NewTextHandler(errors.Writer(), nil))
	e.Use(middleware.Recover(), echo.WrapMiddleware(vars))
	e.GET("/hello/:name", func(c *echo.Context) error { return c.String(http.StatusOK, greeting(c.Param("name"))) })
	e.GET("/later/:name", func(c *echo.Context) error {
		return c.String(http.StatusOK, later(c.Request().Context(), c.Param("name")))
	})
	e.GET("/fail", func(*echo.Context) error { fail(); return nil })
	e.GET("/chat", func(c *echo.Context) error {
		chat(c.Response(), c.Request())
		return nil
	})
	return e
}
